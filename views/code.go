package views

import (
	"strconv"
	"strings"

	"soshik/internal/kakao"
	"soshik/models"
)

// codeKey is the catalogs' key for the code of a message: why we left it out, what
// became of its delivery, or why its request was refused. It is empty for a code
// that the provider does not document.
func codeKey(code string) string {
	if ours(code) || kakao.KnownDeliveryCode(code) || code == strconv.Itoa(kakao.CodeRecipientNo) {
		return "code." + code
	}
	if n, err := strconv.Atoi(code); err == nil && kakao.KnownResultCode(n) {
		return "api." + code
	}
	return ""
}

// codeMeaning is a result code in words, as far as it is known.
func codeMeaning(p Page, code string) string {
	if key := codeKey(code); key != "" {
		return p.T(key)
	}
	return p.T("progress.code_unknown")
}

// codeToDo is what somebody who meets the code does next. The meaning of a refusal
// says already what to correct.
func codeToDo(p Page, code string) string {
	key := codeKey(code)
	switch {
	case key == "":
		return "–"
	case strings.HasPrefix(key, "api."):
		return p.T("code.refused.do")
	}
	return p.T(key + ".do")
}

// smsMeaning is why the SMS failed; empty where it did not, or nobody knows.
func smsMeaning(p Page, m models.ListedMessage) string {
	if m.Fallback != models.FallbackFailed || !kakao.KnownSMSCode(m.SMSCode) {
		return ""
	}
	return p.T("sms." + m.SMSCode)
}
