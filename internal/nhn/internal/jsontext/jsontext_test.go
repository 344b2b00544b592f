package jsontext_test

import (
	"encoding/json"
	"testing"

	"soshik/internal/nhn/internal/jsontext"
)

func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", "소식", "a\"b\\c\n\r\t\x00\x1f", "\xff\xfe", "😀<&>", "\u2028", "끝\xed\xa0\x80"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ours := jsontext.AppendString([]byte("x"), s)[1:]
		theirs, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var a, b string
		if err := json.Unmarshal(ours, &a); err != nil {
			t.Fatalf("%q is not JSON: %v", ours, err)
		}
		if err := json.Unmarshal(theirs, &b); err != nil {
			t.Fatal(err)
		}
		if a != b {
			t.Errorf("AppendString(%q) reads as %q, encoding/json's as %q", s, a, b)
		}
	})
}
