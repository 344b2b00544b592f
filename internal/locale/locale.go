// Package locale is what a page says in the reader's language: the catalogs of
// texts, and how dates and numbers are written.
package locale

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"soshik/internal/kakao"
)

//go:embed catalog/*.json
var files embed.FS

// Tags are the languages, the first one for whoever asks for none of them.
func Tags() []string { return []string{"ko", "en", "ja"} }

// Catalogs holds the texts of every language. It is safe for concurrent use.
type Catalogs struct {
	locales map[string]*Locale
	matcher language.Matcher
}

// Locale is one language: its texts and its ways to write things.
type Locale struct {
	Tag       string            // ko, en, ja
	plain     map[string]string // texts without values, ready; empty for those of the localizer
	localizer *i18n.Localizer
	formats   formats
}

// Load reads the catalogs. A key of one language that another lacks is an error.
func Load() (*Catalogs, error) {
	bundle := i18n.NewBundle(language.Korean)
	c := &Catalogs{locales: map[string]*Locale{}}
	for _, tag := range Tags() {
		c.locales[tag] = &Locale{Tag: tag, plain: map[string]string{}, localizer: i18n.NewLocalizer(bundle, tag), formats: formatsOf(tag)}
	}
	names, err := fs.Glob(files, "catalog/*.json")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if err := c.load(bundle, name); err != nil {
			return nil, fmt.Errorf("catalog: %w", err)
		}
	}
	tags := make([]language.Tag, 0, len(Tags()))
	for _, tag := range Tags() {
		tags = append(tags, language.Make(tag))
	}
	c.matcher = language.NewMatcher(tags)
	return c, nil
}

// load adds a file. What has no values to fill in, which are most texts, stays out of
// the bundle: there, each would take half a kilobyte more.
func (c *Catalogs) load(bundle *i18n.Bundle, name string) error {
	text, err := files.ReadFile(name)
	if err != nil {
		return err
	}
	f, err := i18n.ParseMessageFileBytes(text, name, map[string]i18n.UnmarshalFunc{"json": json.Unmarshal})
	if err != nil {
		return err
	}
	l, ok := c.locales[f.Tag.String()]
	if !ok {
		return fmt.Errorf("%s is of no known language", name)
	}
	for _, m := range f.Messages {
		if _, twice := l.plain[m.ID]; twice {
			return fmt.Errorf("%s: %s is there twice", name, m.ID)
		}
		if m.One == "" && !strings.Contains(m.Other, "{{") {
			l.plain[m.ID] = m.Other
			continue
		}
		l.plain[m.ID] = ""
		if err := bundle.AddMessages(f.Tag, m); err != nil {
			return err
		}
	}
	return nil
}

// Locale is the language tag, or the first of [Tags].
func (c *Catalogs) Locale(tag string) *Locale {
	if l, ok := c.locales[tag]; ok {
		return l
	}
	return c.locales[Tags()[0]]
}

// Match is the language that suits an Accept-Language header best.
func (c *Catalogs) Match(acceptLanguage string) *Locale {
	if acceptLanguage == "" {
		return c.Locale("")
	}
	_, i := language.MatchStrings(c.matcher, acceptLanguage)
	return c.Locale(Tags()[i])
}

// Keys are the keys of every text of the language.
func (l *Locale) Keys() []string {
	keys := make([]string, 0, len(l.plain))
	for k := range l.plain {
		keys = append(keys, k)
	}
	return keys
}

// Has reports whether there is a text for key.
func (l *Locale) Has(key string) bool {
	_, ok := l.plain[key]
	return ok
}

// T is the text for key with the values that it names: alternating name and
// value. Numbers are written as the language writes them. The value named Count
// decides between singular and plural. A key without a text is its own text.
func (l *Locale) T(key string, args ...any) string {
	if s := l.plain[key]; s != "" {
		return s
	}
	cfg := i18n.LocalizeConfig{MessageID: key}
	data := map[string]any{}
	for i := 0; i+1 < len(args); i += 2 {
		name := fmt.Sprint(args[i])
		if name == "Count" {
			cfg.PluralCount = args[i+1]
		}
		data[name] = l.value(args[i+1])
	}
	cfg.TemplateData = data
	s, err := l.localizer.Localize(&cfg)
	if err != nil && cfg.PluralCount != nil { // the text is the same for one and for many
		cfg.PluralCount = nil
		s, err = l.localizer.Localize(&cfg)
	}
	if err != nil {
		return key
	}
	return s
}

func (l *Locale) value(v any) any {
	switch v := v.(type) {
	case int:
		return l.Number(int64(v))
	case int64:
		return l.Number(v)
	case time.Time:
		return l.Time(v)
	}
	return v
}

// Number writes n with separators: 1,234,567.
func (l *Locale) Number(n int64) string {
	s := fmt.Sprint(n)
	sign := ""
	if s[0] == '-' {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// Short writes n in few characters, where its first digits are enough: 12만, 120K.
func (l *Locale) Short(n int64) string {
	for _, u := range l.formats.units {
		if n >= u.size {
			tenths := n / (u.size / 10)
			if tenths >= 100 || tenths%10 == 0 {
				return l.Number(tenths/10) + u.sign
			}
			return fmt.Sprintf("%d.%d%s", tenths/10, tenths%10, u.sign)
		}
	}
	return l.Number(n)
}

// unit is a word for many, the larger ones first.
type unit struct {
	size int64
	sign string
}

// formats are the layouts of a language, for [time.Time.Format], and its words for many.
type formats struct {
	date, day, time, clock string
	units                  []unit
}

func formatsOf(tag string) formats {
	switch tag {
	case "en":
		return formats{date: "2 Jan 2006", day: "2 Jan", time: "2 Jan 2006, 15:04", clock: "15:04:05", units: []unit{{1e9, "B"}, {1e6, "M"}, {1e3, "K"}}}
	case "ja":
		return formats{date: "2006年1月2日", day: "1月2日", time: "2006年1月2日 15:04", clock: "15:04:05", units: []unit{{1e8, "億"}, {1e4, "万"}}}
	}
	return formats{date: "2006년 1월 2일", day: "1월 2일", time: "2006년 1월 2일 15:04", clock: "15:04:05", units: []unit{{1e8, "억"}, {1e4, "만"}, {1e3, "천"}}}
}

// Time writes date and time in Korean time.
func (l *Locale) Time(t time.Time) string { return l.format(t, l.formats.time) }

// Date writes the date in Korean time.
func (l *Locale) Date(t time.Time) string { return l.format(t, l.formats.date) }

// Day writes the date in Korean time without its year.
func (l *Locale) Day(t time.Time) string { return l.format(t, l.formats.day) }

// Clock writes the time of day in Korean time, to the second.
func (l *Locale) Clock(t time.Time) string { return l.format(t, l.formats.clock) }

// Minute writes the time of day in Korean time, to the minute.
func (l *Locale) Minute(t time.Time) string { return l.format(t, "15:04") }

func (l *Locale) format(t time.Time, layout string) string {
	if t.IsZero() {
		return "–"
	}
	return t.In(kakao.KST).Format(layout)
}
