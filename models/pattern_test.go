package models_test

import (
	"slices"
	"strings"
	"testing"

	"soshik/models"
)

func TestPatternText(t *testing.T) {
	t.Parallel()
	values := map[string]string{"이름": "김하늘", "코드": "a b&#{이름}", "빈칸": ""}
	for name, c := range map[string]struct {
		pattern, want string
		whole         bool
	}{
		"no variable":                          {"안녕하세요", "안녕하세요", true},
		"a variable":                           {"#{이름}님", "김하늘님", true},
		"space around a name does not matter":  {"#{ 이름 }님", "김하늘님", true},
		"the same variable twice":              {"#{이름}#{이름}", "김하늘김하늘", true},
		"a value is not read as a pattern":     {"#{코드}", "a b&#{이름}", true},
		"a default stands in for nothing":      {"#{빈칸|고객}님", "고객님", true},
		"a default stands in for the unknown":  {"#{없음|고객}님", "고객님", true},
		"a value beats the default":            {"#{이름|고객}님", "김하늘님", true},
		"a default may hold a bar":             {"#{없음|a|b}", "a|b", true},
		"neither value nor default":            {"#{빈칸}님", "님", false},
		"an open brace is text":                {"#{이름", "#{이름", true},
		"a variable does not cross a line":     {"#{이\n름}", "#{이\n름}", true},
		"no name is text":                      {"#{}#{ |x}", "#{}#{ |x}", true},
		"an open brace before a variable":      {"#{ #{이름}", "#{ 김하늘", true},
		"a lone hash or brace is text":         {"# {이름} #이름", "# {이름} #이름", true},
		"a broken line before a real variable": {"#{가\n#{이름}", "#{가\n김하늘", true},
	} {
		if got, whole := models.ParsePattern(c.pattern).Text(values); got != c.want || whole != c.whole {
			t.Errorf("%s: %q gives %q %v, want %q %v", name, c.pattern, got, whole, c.want, c.whole)
		}
	}
}

func TestPatternLink(t *testing.T) {
	t.Parallel()
	values := map[string]string{"쿠폰": "가 &/?=#", "코드": "a-b_c.d~9"}
	for pattern, want := range map[string]string{
		"https://a.example/?q=#{쿠폰}&x=1": "https://a.example/?q=%EA%B0%80%20%26%2F%3F%3D%23&x=1",
		"https://a.example/#{코드}":        "https://a.example/a-b_c.d~9",
		"https://a.example/#{없음|가}":      "https://a.example/%EA%B0%80",
		"https://a.example/한글 그대로":       "https://a.example/한글 그대로",
	} {
		got, _ := models.ParsePattern(pattern).Link(values)
		if got != want {
			t.Errorf("%s gives %s, want %s", pattern, got, want)
		}
		if spans := joined(models.ParsePattern(pattern).ResolveLink(values)); spans != want {
			t.Errorf("%s in pieces gives %s, want %s", pattern, spans, want)
		}
	}
}

func TestPatternNamesAndSpans(t *testing.T) {
	t.Parallel()
	p := models.ParsePattern("#{나}, #{가|x} #{나}")
	if got := p.Names(); !slices.Equal(got, []string{"나", "가"}) {
		t.Errorf("names: %q", got)
	}
	want := []models.Span{{Name: "나", Missing: true}, {Text: ", "}, {Text: "x", Name: "가"}, {Text: " "}, {Name: "나", Missing: true}}
	if got := p.Resolve(nil); !slices.Equal(got, want) {
		t.Errorf("spans: %+v", got)
	}
}

func joined(spans []models.Span) string {
	var b strings.Builder
	for _, s := range spans {
		b.WriteString(s.Text)
	}
	return b.String()
}

// Whatever the text is, what is no variable comes out as it went in, and a value
// comes out as it is: it is never substituted again.
func FuzzParsePattern(f *testing.F) {
	for _, s := range []string{"", "#{이름}님", "#{a|b}", "#{", "#{}", "#{ #{a}", "#{a\n}", "#{a|#{b}}", "##{a}}", "\xff#{\xfe}"} {
		f.Add(s, "#{이름}")
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		p := models.ParsePattern(text)
		names := p.Names()
		if len(names) == 0 {
			if got, whole := p.Text(nil); got != text || !whole {
				t.Fatalf("%q without variables gives %q %v", text, got, whole)
			}
			return
		}
		if value == "" {
			return
		}
		values := map[string]string{}
		for _, name := range names {
			if strings.TrimSpace(name) != name || name == "" || strings.ContainsAny(name, "}\n|") || strings.Contains(name, "#{") {
				t.Fatalf("%q has a variable named %q", text, name)
			}
			values[name] = value
		}
		spans := p.Resolve(values)
		got, whole := p.Text(values)
		if !whole || got != joined(spans) {
			t.Fatalf("%q: text %q, pieces %q", text, got, joined(spans))
		}
		for _, s := range spans {
			if s.Name != "" && s.Text != value {
				t.Fatalf("%q: the value %q became %q", text, value, s.Text)
			}
			if s.Name == "" && !strings.Contains(text, s.Text) {
				t.Fatalf("%q: the text %q is not of it", text, s.Text)
			}
		}
	})
}
