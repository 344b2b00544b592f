package views_test

import (
	"testing"

	"soshik/internal/kakao"
	"soshik/internal/locale"
	"soshik/models"
	"soshik/views"
)

func english(t *testing.T) views.Page {
	t.Helper()
	c, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	return views.Page{Locale: c.Locale("en")}
}

func TestCodesOfMessagesAreToldInWords(t *testing.T) {
	t.Parallel()
	p := english(t)
	tests := []struct{ name, code, meaning, do string }{
		{"a delivery of FriendTalk", kakao.DeliveryPhone, p.T("code.3008"), p.T("code.3008.do")},
		{"a delivery of BrandTalk", kakao.BrandNight, p.T("code.B7013"), p.T("code.B7013.do")},
		{"a number that was refused", "-5000", p.T("code.-5000"), p.T("code.-5000.do")},
		{"any other refusal", "-2018", p.T("api.-2018"), p.T("code.refused.do")},
		{"a refusal whose text has room for the provider's message", "-2000", "A value is too long. Please shorten it.", p.T("code.refused.do")},
		{"a recipient whom we left out", models.SkipNoValue, p.T("code.no_value"), p.T("code.no_value.do")},
		{"a delivery that nobody has heard of", "3999", p.T("progress.code_unknown"), "–"},
		{"a refusal that nobody has heard of", "-8888", p.T("progress.code_unknown"), "–"},
		{"what looks like a key of the catalogs", "3008.do", p.T("progress.code_unknown"), "–"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := views.CodeMeaning(p, tt.code); got != tt.meaning {
				t.Errorf("means %q, want %q", got, tt.meaning)
			}
			if got := views.CodeToDo(p, tt.code); got != tt.do {
				t.Errorf("to do: %q, want %q", got, tt.do)
			}
		})
	}
}

func TestCodesOfFallbacksAreToldInWords(t *testing.T) {
	t.Parallel()
	p := english(t)
	tests := []struct {
		name  string
		state models.FallbackState
		code  string
		want  string
	}{
		{"it failed", models.FallbackFailed, "2003", p.T("sms.2003")},
		{"it arrived, which its state says already", models.FallbackDelivered, "1000", ""},
		{"it failed for a reason that nobody has heard of", models.FallbackFailed, "9876", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var m models.ListedMessage
			m.Fallback, m.SMSCode = tt.state, tt.code
			if got := views.SMSMeaning(p, m); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
