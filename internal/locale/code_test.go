package locale_test

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"soshik/internal/kakao"
	"soshik/internal/locale"
	"soshik/models"
)

// codeKeys are the keys that the codes of the provider, and our own, must have.
func codeKeys() []string {
	keys := []string{"code.refused.do"}
	for _, code := range kakao.ResultCodes() {
		keys = append(keys, "api."+strconv.Itoa(code))
	}
	ours := []string{strconv.Itoa(kakao.CodeRecipientNo), models.SkipNoValue, models.SkipTooLong, models.SkipSuppressed, models.SkipForgotten, models.SkipLimit, models.SkipReached, models.CodeAnswerLost}
	for _, code := range append(kakao.DeliveryCodes(), ours...) {
		keys = append(keys, "code."+code, "code."+code+".do")
	}
	for _, code := range kakao.SMSCodes() {
		keys = append(keys, "sms."+code)
	}
	return keys
}

func aboutCode(key string) bool {
	return strings.HasPrefix(key, "api.") || strings.HasPrefix(key, "code.") || strings.HasPrefix(key, "sms.")
}

func TestEveryCodeThatIsKnownHasItsTextAndNoOther(t *testing.T) {
	t.Parallel()
	c, keys := load(t), codeKeys()
	for _, tag := range locale.Tags() {
		l := c.Locale(tag)
		for _, key := range keys {
			if !l.Has(key) {
				t.Errorf("%s lacks %s", tag, key)
			}
		}
		for _, key := range l.Keys() {
			if aboutCode(key) && !slices.Contains(keys, key) {
				t.Errorf("%s has %s, which is the text of no code that is known", tag, key)
			}
		}
	}
}

// maxCodeText is how many characters people read who want to get on.
const maxCodeText = 160

var (
	// parameter finds names of the provider's parameters, as linkMo.
	parameter = regexp.MustCompile(`\b[a-z]+[A-Z]\w*`)
	// quoted finds what is quoted, as the name that KakaoTalk prescribes for a button.
	quoted = regexp.MustCompile(`“[^”]*”|「[^」]*」`)
)

// wrong is what makes text unfit to explain a code in the language tag; empty if
// nothing does.
func wrong(tag, text string) string {
	said := quoted.ReplaceAllString(text, "")
	switch {
	case strings.TrimSpace(text) == "":
		return "is empty"
	case utf8.RuneCountInString(text) > maxCodeText:
		return "is too long"
	case strings.ContainsAny(text, "{}<>"):
		return "has a gap that nothing fills"
	case parameter.MatchString(strings.ReplaceAll(text, "iOS", "")):
		return "names a parameter"
	case tag == "ko" && !written(said, unicode.Hangul), tag == "ja" && !written(said, unicode.Hiragana, unicode.Katakana, unicode.Han):
		return "is not translated"
	case tag != "ko" && written(said, unicode.Hangul), tag != "ja" && written(said, unicode.Hiragana, unicode.Katakana, unicode.Han):
		return "is partly in another language"
	}
	return ""
}

func written(text string, scripts ...*unicode.RangeTable) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.In(r, scripts...) })
}

func TestTextsOfCodesCanBeRead(t *testing.T) {
	t.Parallel()
	c := load(t)
	for _, key := range codeKeys() {
		seen := map[string]string{}
		for _, tag := range locale.Tags() {
			text := c.Locale(tag).T(key)
			if why := wrong(tag, text); why != "" {
				t.Errorf("%s: %s %s: %s", tag, key, why, text)
			}
			if other := seen[text]; other != "" {
				t.Errorf("%s is the same in %s and %s: %s", key, other, tag, text)
			}
			seen[text] = tag
		}
	}
}

func TestTextsThatCannotBeReadAreFound(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, tag, text, want string }{
		{"nothing", "ko", " ", "is empty"},
		{"a long text", "en", strings.Repeat("word ", 33), "is too long"},
		{"the pattern of the provider's message", "en", "The '{}' must not be blank.", "has a gap that nothing fills"},
		{"a value that was not given", "en", "Wrong: <no value>", "has a gap that nothing fills"},
		{"a name of a parameter", "ko", "linkMo를 입력해 주세요.", "names a parameter"},
		{"English among the Korean", "ko", "Invalid appkey", "is not translated"},
		{"English among the Japanese", "ja", "Invalid appkey", "is not translated"},
		{"Korean among the Japanese", "ja", "버튼の名前", "is partly in another language"},
		{"the Korean name of a button", "ja", "ボタン名を「채널 추가」にしてください。", ""},
		{"the name of a system", "en", "Please enter its iOS link.", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := wrong(tt.tag, tt.text); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// TestAnAnswerIsToldInSentences: what happened, and what to do.
func TestAnAnswerIsToldInSentences(t *testing.T) {
	t.Parallel()
	c := load(t)
	for tag, ends := range map[string]*regexp.Regexp{
		"ko": regexp.MustCompile(`(?:다|요)\.$`),
		"en": regexp.MustCompile(`\S\.$`),
		"ja": regexp.MustCompile(`(?:い|す|ん)。$`),
	} {
		for _, code := range kakao.ResultCodes() {
			if text := c.Locale(tag).T("api." + strconv.Itoa(code)); !ends.MatchString(text) {
				t.Errorf("%s: %d does not end as a polite sentence: %s", tag, code, text)
			}
		}
	}
}

func TestTheProvidersOwnWordsStandBehindOursWhereTheyNameTheValue(t *testing.T) {
	t.Parallel()
	c := load(t)
	const said = "The 'plusFriendId' must not be blank."
	for _, tag := range locale.Tags() {
		l := c.Locale(tag)
		plain, told := l.T("api.-2001"), l.T("api.-2001", "Message", said)
		if !strings.HasPrefix(told, plain) || !strings.HasSuffix(told, said) {
			t.Errorf("%s: %s", tag, told)
		}
		if empty := l.T("api.-2001", "Message", ""); empty != plain {
			t.Errorf("%s, without a message: %s", tag, empty)
		}
		if other := l.T("api.-1000", "Message", said); strings.Contains(other, said) {
			t.Errorf("%s, where ours says it all: %s", tag, other)
		}
	}
}
