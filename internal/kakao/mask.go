package kakao

import (
	"regexp"
	"strings"
)

// phonesInText are numbers of Korea in all usual writings, those of URLs included, and those of
// other countries with their plus.
var phonesInText = regexp.MustCompile(`(?:(?:\+|%2[Bb])82(?:[ +-]|%20)?0?|\b(?:82)?0?)1[016789](?:[ .+-]|%20)?[0-9]{3,4}(?:[ .+-]|%20)?[0-9]{4}\b` +
	`|\b0(?:2|[3-6][1-5]|70|50[0-9])(?:[ .+-]|%20)?[0-9]{3,4}(?:[ .+-]|%20)?[0-9]{4}\b` +
	`|(?:\+|%2[Bb])[1-9](?:(?:[ +-]|%20)?[0-9]){7,14}\b`)

// MaskPhones is a text whose phone numbers may be seen by everybody: of each, at most the last
// four digits stay. It also hides what only looks like a number, and is for logs.
func MaskPhones(text string) string {
	if !mayHoldPhone(text) {
		return text
	}
	return phonesInText.ReplaceAllStringFunc(text, func(found string) string {
		return "***" + found[len(found)-4:]
	})
}

// mayHoldPhone is the short way for nearly all texts: without eight digits, none is a number.
func mayHoldPhone(text string) bool {
	digits := 0
	for i := range len(text) {
		if text[i]-'0' <= 9 {
			if digits++; digits >= 8 {
				return strings.ContainsAny(text, "01+%")
			}
		}
	}
	return false
}
