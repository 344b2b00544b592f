package kakao_test

import (
	"strings"
	"testing"

	"soshik/internal/kakao"
)

func TestErasePhone(t *testing.T) {
	t.Parallel()
	eraser := kakao.ErasePhone("01012345678")
	for text, want := range map[string]string{
		"010-1234-5678":        "~",
		"01012345678":          "~",
		"1012345678":           "~",
		"010 1234 5678 (집)":    "~ (집)",
		"집 +82 10-1234-5678":   "집 ~",
		"0082-10-1234-5678 x":  "~ x",
		"+82 (0)10.1234.5678!": "~!",
		"０１０－１２３４－５６７８ 님":                   "~ 님",
		"'010\u00a01234\u20135678 / 없음":     "'~ / 없음",
		"1.012345678E+09":                   "~",
		"010-1234-5678 / 010-2222-3333":     "~ / 010-2222-3333",
		"01099998888,010-1234-5678 010-1-2": "01099998888,~ 010-1-2",
		"tel:010-1234-5678;ext=3":           "tel:~;ext=3",
		"010-1234-5678, 01012345678":        "~, ~",
		"010-1234-5679":                     "010-1234-5679",
		"02-123-4567":                       "02-123-4567",
		"":                                  "",
	} {
		got, found := eraser.In(text, "~")
		if got != want || found != (text != want) {
			t.Errorf("%q becomes %q %v, want %q", text, got, found, want)
		}
	}
}

func FuzzErasePhone(f *testing.F) {
	f.Add("집 +82 10-1234-5678", "010")
	f.Add("1.012345678E+09", "")
	eraser := kakao.ErasePhone("01012345678")
	f.Fuzz(func(t *testing.T, text, other string) {
		if strings.ContainsAny(text, "E e") {
			return
		}
		erased, _ := eraser.In(text+"010-1234-5678"+other, "~")
		if again, found := eraser.In(erased, "~"); found && again != erased {
			t.Errorf("%q is left with the number: %q", text, erased)
		}
	})
}
