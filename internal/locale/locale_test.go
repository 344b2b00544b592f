package locale_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"soshik/internal/locale"
)

func load(t *testing.T) *locale.Catalogs {
	t.Helper()
	c, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEveryLanguageHasEveryText(t *testing.T) {
	t.Parallel()
	c := load(t)
	for _, tag := range locale.Tags() {
		for _, other := range locale.Tags() {
			for _, key := range c.Locale(tag).Keys() {
				if !c.Locale(other).Has(key) {
					t.Errorf("%s lacks %q, which %s has", other, key, tag)
				}
			}
		}
	}
}

// literal finds keys where the code names them: p.T("…"), models.T("…"),
// Errorf(Kind, "…") and the Label and Hint of a field.
var literal = regexp.MustCompile(`(?:\bT\(|\.add\("[a-z_]+", |Errorf\([A-Za-z.]+, |(?:Label|Hint|Key): ?)"([a-z0-9_]+(?:\.[a-z0-9_]+)+)"`)

func TestEveryTextThatIsNamedExists(t *testing.T) {
	t.Parallel()
	ko := load(t).Locale("ko")
	named := 0
	for _, dir := range []string{"views", "handlers", "models", "internal/actions"} {
		for key, file := range keysIn(t, filepath.Join("..", "..", dir)) {
			named++
			if !ko.Has(key) {
				t.Errorf("%s names %q, which no catalog has", file, key)
			}
		}
	}
	if named < 50 {
		t.Errorf("only %d keys were found: the expression has gone stale", named)
	}
}

func keysIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "_templ.go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range literal.FindAllStringSubmatch(string(text), -1) {
			found[m[1]] = path
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestMatch(t *testing.T) {
	t.Parallel()
	c := load(t)
	for accept, want := range map[string]string{
		"": "ko", "de": "ko", "en-US,en;q=0.9": "en", "ja": "ja", "fr, ja;q=0.5": "ja", "ko-KR": "ko", "not a header;;": "ko",
	} {
		if got := c.Match(accept).Tag; got != want {
			t.Errorf("Accept-Language %q: got %s, want %s", accept, got, want)
		}
	}
}

func TestWriting(t *testing.T) {
	t.Parallel()
	c := load(t)
	numbers := map[int64]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567"}
	for n, want := range numbers {
		if got := c.Locale("ko").Number(n); got != want {
			t.Errorf("Number(%d) = %s, want %s", n, got, want)
		}
	}
	at := time.Date(2026, 11, 21, 15, 30, 0, 0, time.UTC)
	for tag, want := range map[string]string{"ko": "2026년 11월 22일 00:30", "en": "22 Nov 2026, 00:30", "ja": "2026年11月22日 00:30"} {
		if got := c.Locale(tag).Time(at); got != want {
			t.Errorf("%s writes %s, want %s (Korean time)", tag, got, want)
		}
	}
	if got := c.Locale("en").T("field.too_long", "Max", 1000); !strings.Contains(got, "1,000") {
		t.Errorf("numbers in texts: %s", got)
	}
	if got := c.Locale("en").T("content.too_long", "Count", 1, "Max", 2); strings.Contains(got, "content.") {
		t.Errorf("a text without a singular of its own: %s", got)
	}
	if !slices.Equal(locale.Tags(), []string{"ko", "en", "ja"}) {
		t.Error("Korean comes first")
	}
}
