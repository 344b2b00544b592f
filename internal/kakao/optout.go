package kakao

// OptOutCodes are the delivery codes that a team may take for an opt-out: who has blocked
// the channel, or has no KakaoTalk any more, will not read its messages.
func OptOutCodes() []string { return []string{"3018", "A3018", "3019", "3020", "3050"} }
