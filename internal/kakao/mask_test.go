package kakao_test

import (
	"testing"

	"soshik/internal/kakao"
)

func TestMaskPhones(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"a number", "recipientNo 01012345678 is wrong", "recipientNo ***5678 is wrong"},
		{"with hyphens", "010-1234-5678, 010.1234.5679", "***5678, ***5679"},
		{"of before", "011-123-4567", "***4567"},
		{"without its zero", "a cell with 1012345678", "a cell with ***5678"},
		{"as it is dialled from abroad", "+82 10-1234-5678 +821012345678 821012345678", "***5678 ***5678 ***5678"},
		{"in a URL", `Get "https://api.example/senders?recipientNo=%2B821012345678&x=1": timeout`, `Get "https://api.example/senders?recipientNo=***5678&x=1": timeout`},
		{"with spaces in a URL", "phone=%2B82+10-1234-5678&q=010%201234%205678", "phone=***5678&q=***5678"},
		{"in JSON", `{"recipientNo":"01012345678"}`, `{"recipientNo":"***5678"}`},
		{"of a landline", "02-123-4567 0311234567 070-1234-5678 0505-123-4567", "***4567 ***4567 ***5678 ***4567"},
		{"of another country", "+81 90-1234-5678", "***5678"},
		{"a time", "2026-11-28T23:15:53.123456789Z", "2026-11-28T23:15:53.123456789Z"},
		{"a ULID", "01JDV5010123456789ABCDEFGH.12.1", "01JDV5010123456789ABCDEFGH.12.1"},
		{"a count", "batch 12345678 of 1000000", "batch 12345678 of 1000000"},
		{"no digits", "no answer", "no answer"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := kakao.MaskPhones(tt.text); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
