package recipients

import (
	"github.com/nyaruka/phonenumbers"

	"soshik/internal/kakao"
)

// maxForeign is how long a number may be for the provider, with its plus.
const maxForeign = 15

// foreignPhone reads raw, which begins with a plus, as the number of another country.
// It takes about a thousand times as long as reading a Korean one.
func foreignPhone(raw string) (number string, reason kakao.PhoneReason) {
	parsed, err := phonenumbers.Parse(clean(raw), phonenumbers.UNKNOWN_REGION)
	if err != nil || !phonenumbers.IsValidNumber(parsed) {
		return "", kakao.PhoneNotNumber
	}
	switch phonenumbers.GetNumberType(parsed) {
	case phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE:
	default:
		return "", kakao.PhoneNotMobile
	}
	if number = phonenumbers.Format(parsed, phonenumbers.E164); len(number) > maxForeign {
		return "", kakao.PhoneTooLong
	}
	return number, ""
}
