package kakao

import "slices"

// UnconfirmedCodes are the delivery codes after which a message may have arrived all the
// same: nobody is sent to again because of them.
func UnconfirmedCodes() []string {
	return []string{"2000", "3005", "4000", "4001", "4122", "A3020", "A4000", "A4001"}
}

// Unconfirmed reports whether a message with the code may have arrived.
func Unconfirmed(code string) bool { return slices.Contains(UnconfirmedCodes(), code) }

// Passing reports whether the delivery code is of a fault that passes by itself, so that
// the same message may arrive later: an error of KakaoTalk or of the provider, or the
// wrong hour.
func Passing(code string) bool {
	return slices.Contains([]string{
		"2001", "2005", "3000", "3006", "3010", "3012", "3022", "4137", "4139", "4140", "4141", "4142", "4143", "9998", "9999",
		"A2040", "A3000", "A3006", "A3022", "A9998", "A9999", "B7013", "B7014", "B7017",
	}, code)
}
