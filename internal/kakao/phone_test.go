package kakao_test

import (
	"strings"
	"testing"

	"soshik/internal/kakao"
)

type phoneTest struct {
	name     string
	raw      string
	want     string
	repaired bool
	reason   kakao.PhoneReason
}

func testPhones(t *testing.T, tests []phoneTest) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, repaired, reason := kakao.NormalizePhone(tt.raw)
			if got != tt.want || repaired != tt.repaired || reason != tt.reason {
				t.Errorf("%q: got %q, repaired %v, %q; want %q, %v, %q", tt.raw, got, repaired, reason, tt.want, tt.repaired, tt.reason)
			}
		})
	}
}

func TestNormalizePhoneInUsualWriting(t *testing.T) {
	t.Parallel()
	testPhones(t, []phoneTest{
		{"plain digits", "01012345678", "01012345678", false, ""},
		{"hyphens", "010-1234-5678", "01012345678", false, ""},
		{"dots", "010.1234.5678", "01012345678", false, ""},
		{"spaces", "010 1234 5678", "01012345678", false, ""},
		{"one hyphen", "010-12345678", "01012345678", false, ""},
		{"a parenthesis around the prefix", "(010)1234-5678", "01012345678", false, ""},
		{"a parenthesis and a space", "(010) 1234-5678", "01012345678", false, ""},
		{"mixed separators", "010-1234 5678", "01012345678", false, ""},
		{"spaces around", "  010-1234-5678\t", "01012345678", false, ""},
		{"a line break behind", "010-1234-5678\r\n", "01012345678", false, ""},
		{"a doubled hyphen", "010--1234-5678", "01012345678", false, ""},
		{"pairs of digits", "010 12 34 56 78", "01012345678", false, ""},
		{"old 011 with ten digits", "011-123-4567", "0111234567", false, ""},
		{"old 011 with eleven digits", "011-9123-4567", "01191234567", false, ""},
		{"old 016", "0161234567", "0161234567", false, ""},
		{"old 017", "017 123 4567", "0171234567", false, ""},
		{"old 018", "018.123.4567", "0181234567", false, ""},
		{"old 019", "019-1234-5678", "01912345678", false, ""},
	})
}

func TestNormalizePhoneRepairs(t *testing.T) {
	t.Parallel()
	testPhones(t, []phoneTest{
		{"+82", "+82 10-1234-5678", "01012345678", true, ""},
		{"+82 joined", "+821012345678", "01012345678", true, ""},
		{"+82 with the zero kept", "+82-010-1234-5678", "01012345678", true, ""},
		{"+82 with the zero in parentheses", "+82 (0)10 1234 5678", "01012345678", true, ""},
		{"+82 in parentheses", "(+82) 10 1234 5678", "01012345678", true, ""},
		{"+82 and an old number", "+82 11 123 4567", "0111234567", true, ""},
		{"82 without plus", "82 10 1234 5678", "01012345678", true, ""},
		{"82 without plus, zero kept", "82-010-1234-5678", "01012345678", true, ""},
		{"82 without plus and an old number", "82111234567", "0111234567", true, ""},
		{"0082", "0082-10-1234-5678", "01012345678", true, ""},
		{"0082 with the zero kept", "0082 010 1234 5678", "01012345678", true, ""},
		{"a full-width plus", "＋８２１０１２３４５６７８", "01012345678", true, ""},
		{"full-width digits", "０１０－１２３４－５６７８", "01012345678", true, ""},
		{"one full-width digit", "０10-1234-5678", "01012345678", true, ""},
		{"full-width parentheses and dots", "（010）1234．5678", "01012345678", true, ""},
		{"no-break spaces", "010\u00a01234\u00a05678", "01012345678", true, ""},
		{"a no-break space behind", "010-1234-5678\u00a0", "01012345678", true, ""},
		{"ideographic spaces", "010\u30001234\u30005678", "01012345678", true, ""},
		{"a zero-width space", "010-1234-\u200b5678", "01012345678", true, ""},
		{"a byte order mark", "\ufeff01012345678", "01012345678", true, ""},
		{"marks of direction from an address book", "\u202a010-1234-5678\u202c", "01012345678", true, ""},
		{"en dashes", "010\u20131234\u20135678", "01012345678", true, ""},
		{"a leading apostrophe", "'01012345678", "01012345678", true, ""},
		{"a typographic apostrophe", "’010-1234-5678", "01012345678", true, ""},
		{"quotes", `"010-1234-5678"`, "01012345678", true, ""},
		{"a formula that keeps the zero", `="01012345678"`, "01012345678", true, ""},
		{"a lost zero", "1012345678", "01012345678", true, ""},
		{"a lost zero and hyphens", "10-1234-5678", "01012345678", true, ""},
		{"a lost zero and dots", "10.1234.5678", "01012345678", true, ""},
		{"a lost zero of an old number", "111234567", "0111234567", true, ""},
		{"a lost zero and thousands commas", "1,012,345,678", "01012345678", true, ""},
		{"a lost zero behind an apostrophe", "'1012345678", "01012345678", true, ""},
		{"a lost zero and a fraction", "1012345678.0", "01012345678", true, ""},
		{"a lost zero and a long fraction", "1012345678.0000", "01012345678", true, ""},
		{"a quoted fraction", `"1012345678.0"`, "01012345678", true, ""},
		{"a fraction and the zero", "01012345678.0", "01012345678", true, ""},
		{"a fraction and 82", "821012345678.0", "01012345678", true, ""},
		{"a dot that is no fraction", "0101234.0000", "01012340000", false, ""},
		{"a number that ends in zeros", "010.0000.0000", "01000000000", false, ""},
	})
}

func TestNormalizePhoneWithExponent(t *testing.T) {
	t.Parallel()
	testPhones(t, []phoneTest{
		{"an exponent with all digits", "1.012345678E+09", "01012345678", true, ""},
		{"a small e", "1.012345678e+09", "01012345678", true, ""},
		{"an exponent without plus", "1.012345678E9", "01012345678", true, ""},
		{"an exponent with zeros to spare", "1.01234567800E+09", "01012345678", true, ""},
		{"an exponent in quotes", `'1.012345678E+09 `, "01012345678", true, ""},
		{"an exponent of a number with 82", "8.21012345678E+11", "01012345678", true, ""},
		{"an exponent of zero", "1012345678E+0", "01012345678", true, ""},
		{"an exponent that lost digits", "1.01E+09", "", false, kakao.PhoneExponent},
		{"an exponent that lost one digit", "1.01234567E+09", "", false, kakao.PhoneExponent},
		{"an exponent without fraction", "1E+09", "", false, kakao.PhoneExponent},
		{"an exponent of 82 that lost digits", "8.21012E+11", "", false, kakao.PhoneExponent},
		{"a huge exponent", "1E+400", "", false, kakao.PhoneExponent},
		{"an exponent beyond counting", "1E+99999999999999999999", "", false, kakao.PhoneNotNumber},
		{"an exponent that leaves a fraction", "1.0123456785E+09", "", false, kakao.PhoneNotNumber},
		{"a negative exponent", "1.012345678E-09", "", false, kakao.PhoneNotNumber},
		{"an exponent with a unit", "1.012345678E+09원", "", false, kakao.PhoneNotNumber},
		{"an exponent with hyphens", "1-012345678E+09", "", false, kakao.PhoneNotNumber},
		{"an exponent with a plus before it", "+1.012345678E+09", "", false, kakao.PhoneNotNumber},
		{"an exponent without number", "E+09", "", false, kakao.PhoneNotNumber},
	})
}

func TestNormalizePhoneRefuses(t *testing.T) {
	t.Parallel()
	testPhones(t, []phoneTest{
		{"nothing", "", "", false, kakao.PhoneEmpty},
		{"spaces only", " \t\u00a0", "", false, kakao.PhoneEmpty},
		{"a hyphen for nothing", "-", "", false, kakao.PhoneEmpty},
		{"quotes only", `""`, "", false, kakao.PhoneEmpty},
		{"a plus only", "+", "", false, kakao.PhoneNotNumber},
		{"a word", "없음", "", false, kakao.PhoneNotNumber},
		{"a letter for a digit", "O10-1234-5678", "", false, kakao.PhoneNotNumber},
		{"a remark", "010-1234-5678(본인)", "", false, kakao.PhoneNotNumber},
		{"a plus within", "010+1234+5678", "", false, kakao.PhoneNotNumber},
		{"two pluses", "++821012345678", "", false, kakao.PhoneNotNumber},
		{"a plus before a zero", "+010-1234-5678", "", false, kakao.PhoneNotNumber},
		{"a digit apart at the end", "011-123-4567 (2)", "", false, kakao.PhoneNotNumber},
		{"a fraction that is not zero", "101234567.8", "", false, kakao.PhoneNotNumber},
		{"digits of another script", "٠١٠١٢٣٤٥٦٧٨", "", false, kakao.PhoneNotNumber},
		{"bytes that are no text", "010\xff1234\xfe5678", "", false, kakao.PhoneNotNumber},
		{"a date", "2024-05-01 12:00", "", false, kakao.PhoneNotNumber},
		{"a digit missing", "010-123-4567", "", false, kakao.PhoneTooShort},
		{"a digit missing and a lost zero", "10-123-4567", "", false, kakao.PhoneTooShort},
		{"an old number too short", "011-12-4567", "", false, kakao.PhoneTooShort},
		{"the prefix left out", "1234-5678", "", false, kakao.PhoneTooShort},
		{"the prefix only", "010", "", false, kakao.PhoneTooShort},
		{"a price", "5000", "", false, kakao.PhoneTooShort},
		{"a country code only", "+82", "", false, kakao.PhoneTooShort},
		{"a fraction and a digit missing", "010123456.0", "", false, kakao.PhoneTooShort},
		{"a digit too many", "010-1234-56789", "", false, kakao.PhoneTooLong},
		{"a digit too many and a lost zero", "10123456789", "", false, kakao.PhoneTooLong},
		{"two numbers", "010-1234-5678 / 010-1111-2222", "", false, kakao.PhoneNotNumber},
		{"two numbers and a comma", "010-1234-5678, 010-1111-2222", "", false, kakao.PhoneTooLong},
		{"more digits than any number", strings.Repeat("0", 5000), "", false, kakao.PhoneTooLong},
		{"more digits than any number and a fraction", strings.Repeat("1", 30) + ".0", "", false, kakao.PhoneNotNumber},
		{"a landline of Seoul", "02-123-4567", "", false, kakao.PhoneNotMobile},
		{"a landline", "031-123-4567", "", false, kakao.PhoneNotMobile},
		{"a landline with +82", "+82 2 1234 5678", "", false, kakao.PhoneNotMobile},
		{"070", "070-1234-5678", "", false, kakao.PhoneNotMobile},
		{"080", "080-123-4567", "", false, kakao.PhoneNotMobile},
		{"a personal number", "0505-123-4567", "", false, kakao.PhoneNotMobile},
		{"a long personal number", "0507-1234-5678", "", false, kakao.PhoneNotMobile},
		{"1588", "1588-1234", "", false, kakao.PhoneNotMobile},
		{"a pager", "012-123-4567", "", false, kakao.PhoneNotMobile},
		{"a lost zero of a landline", "311234567", "", false, kakao.PhoneNotMobile},
		{"the United States", "+1 212 555 0123", "", false, kakao.PhoneForeign},
		{"Japan", "+81-90-1234-5678", "", false, kakao.PhoneForeign},
		{"a plus before a lost zero reads as the United States", "+1012345678", "", false, kakao.PhoneForeign},
	})
}

func TestPhoneReasons(t *testing.T) {
	t.Parallel()
	seen := map[kakao.PhoneReason]bool{"": true}
	for _, r := range kakao.PhoneReasons() {
		if seen[r] {
			t.Errorf("%q is listed twice or empty", r)
		}
		seen[r] = true
	}
}

func TestFormatPhone(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, number, format, mask string }{
		{"mobile", "01012345678", "010-1234-5678", "010-****-5678"},
		{"old mobile", "0111234567", "011-123-4567", "011-***-4567"},
		{"Seoul, short", "021234567", "02-123-4567", "02-***-4567"},
		{"Seoul, long", "0212345678", "02-1234-5678", "02-****-5678"},
		{"another city", "0311234567", "031-123-4567", "031-***-4567"},
		{"free of charge", "0801234567", "080-123-4567", "080-***-4567"},
		{"personal number", "05051234567", "0505-123-4567", "0505-***-4567"},
		{"service number", "15881234", "1588-1234", "****-1234"},
		{"nothing", "", "", ""},
		{"too short", "0101", "0101", "****"},
		{"too long", "0101234567890", "0101234567890", "*********7890"},
		{"already written with hyphens", "010-1234-5678", "010-1234-5678", "*********5678"},
		{"text", "홍길동의 번호입니다", "홍길동의 번호입니다", "******호입니다"},
		{"another country", "+12125550123", "+12125550123", "********0123"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := kakao.FormatPhone(tt.number); got != tt.format {
				t.Errorf("format: got %q, want %q", got, tt.format)
			}
			if got := kakao.MaskPhone(tt.number); got != tt.mask {
				t.Errorf("mask: got %q, want %q", got, tt.mask)
			}
		})
	}
}

// digitsOf are the digits of s, full-width ones included, in order.
func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '０' && r <= '９':
			return r - '０' + '0'
		case r >= '0' && r <= '9':
			return r
		}
		return -1
	}, s)
}

func FuzzNormalizePhone(f *testing.F) {
	for _, seed := range []string{
		"010-1234-5678", "+82 (0)10-1234-5678", "1012345678.0", "1.012345678E+09", "1.01E+09", "０１０１２３４５６７８",
		"'0111234567", "0082 10 1234 5678", "011-123-4567 2", "1,012,345,678", `="01012345678"`, "+1 212 555 0123", "02-123-4567",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		number, repaired, reason := kakao.NormalizePhone(raw)
		if reason != "" {
			if number != "" || repaired {
				t.Fatalf("%q is refused (%s) and still %q, repaired %v", raw, reason, number, repaired)
			}
			return
		}
		if len(number) < 10 || len(number) > 11 || !strings.HasPrefix(number, "01") || digitsOf(number) != number {
			t.Fatalf("%q became %q, which is no number", raw, number)
		}
		if !strings.Contains(digitsOf(raw), number[1:]) {
			t.Fatalf("%q became %q: digits that it does not have", raw, number)
		}
		again, repaired, reason := kakao.NormalizePhone(number)
		if again != number || repaired || reason != "" {
			t.Fatalf("%q became %q, and that %q, repaired %v, %q", raw, number, again, repaired, reason)
		}
		again, repaired, reason = kakao.NormalizePhone(kakao.FormatPhone(number))
		if again != number || repaired || reason != "" {
			t.Fatalf("%q with hyphens became %q, repaired %v, %q", number, again, repaired, reason)
		}
		if mask := kakao.MaskPhone(number); strings.Count(mask, "*") != len(number)-7 || !strings.HasSuffix(mask, number[len(number)-4:]) {
			t.Fatalf("%q is masked as %q", number, mask)
		}
	})
}

func BenchmarkNormalizePhone(b *testing.B) {
	for _, raw := range []string{"01012345678", "010-1234-5678", "1012345678", "+82 10-1234-5678", "０１０１２３４５６７８", "1.012345678E+09", "02-123-4567"} {
		b.Run(raw, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				kakao.NormalizePhone(raw)
			}
		})
	}
}
