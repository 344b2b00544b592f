package kakao

// Limits of BrandTalk. Lengths are in [Len] units.
const (
	MaxTemplateCode        = 20 // letters and digits
	MaxTemplateName        = 150
	MaxTemplateContent     = 1000 // of an image template
	MaxTemplateContentWide = 76   // of a wide template
	MaxTemplateButtonName  = 14
	MaxVariables           = 20 // different ones in a template, its links included
	MaxVariableName        = 20 // letters, Hangul, digits, - and _
	MaxAuthNo              = 10 // digits of an 080 number's authentication number
	BrandTalkHorizonDays   = 30 // a requestDate may not be further ahead
	BrandTalkQueryDays     = 30 // the widest range of a search
)

// Kinds of BrandTalk templates, of their texts, and what KakaoTalk says of one.
const (
	TemplateImage       = "I"
	TemplateWide        = "W"
	TemplateFixed       = "F" // no variables
	TemplateVariable    = "V" // at least one
	TemplateNormal      = "A"
	TemplateWaiting     = "R" // before its first message
	TemplateBlocked     = "S"
	ButtonBizForm       = "BF"    // opens a form of KakaoTalk's
	ButtonAddChannel    = "AC"    // adds the channel
	ButtonNameChannel   = "채널 추가" // the only name of an AC button
	BrandResultSuccess  = "BRC01"
	BrandResultFailure  = "BRC02"
	BrandOK             = "A0000" // delivery codes of BrandTalk
	BrandNotReachable   = "A3018"
	BrandPhone          = "A3008"
	BrandNight          = "B7013"
	BrandBlockedProfile = "A1007"
)

// BrandInfoMark stands beside the sender's name on a BrandTalk message.
const BrandInfoMark = "(안내)"

// OptOutBy is the line at the end of a BrandTalk message that says how to get no more
// of them; an empty authNo is none.
func OptOutBy(number, authNo string) string {
	if authNo == "" {
		return "무료 수신거부 " + number
	}
	return "무료 수신거부 " + number + " (인증번호 " + authNo + ")"
}

// BizFormNames are the only names of a BF button.
func BizFormNames() []string {
	return []string{"톡에서 예약하기", "톡에서 설문하기", "톡에서 응모하기"}
}
