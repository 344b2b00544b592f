package models_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/models"
)

// written writes edits as [-removed] and [+added].
func written(edits []models.Edit) string {
	var b strings.Builder
	for _, e := range edits {
		switch e.Kind {
		case models.EditRemoved:
			b.WriteString("[-" + e.Text + "]")
		case models.EditAdded:
			b.WriteString("[+" + e.Text + "]")
		default:
			b.WriteString(e.Text)
		}
	}
	return b.String()
}

func TestDiffText(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, old, new, want string }{
		{"nothing", "", "", ""},
		{"the same", "안녕하세요", "안녕하세요", "안녕하세요"},
		{"something new", "", "안녕", "[+안녕]"},
		{"everything gone", "안녕", "", "[-안녕]"},
		{"a particle", "쿠폰을 드립니다", "쿠폰이 도착했습니다", "[-쿠폰을 드립니다][+쿠폰이 도착했습니다]"},
		{"a word of a sentence", "오늘만 쿠폰을 드립니다. 놓치지 마세요", "오늘만 선물을 드립니다. 놓치지 마세요", "오늘만 [-쿠폰을][+선물을] 드립니다. 놓치지 마세요"},
		{"words next to each other", "모두 빨간 사과 하나를 받으세요", "모두 파란 배 하나를 받으세요", "모두 [-빨간 사과][+파란 배] 하나를 받으세요"},
		{"a number with its unit", "지금 5,000원 할인", "지금 7,000원 할인", "지금 [-5,000][+7,000]원 할인"},
		{"a variable is one word", "#{이름|고객}님, 안녕하세요", "#{이름|회원}님, 안녕하세요", "[-#{이름|고객}][+#{이름|회원}]님, 안녕하세요"},
		{"a word more", "안녕하세요 고객님", "안녕하세요, 고객님", "안녕하세요[+,] 고객님"},
		{"a line more", "하나\n셋\n", "하나\n둘\n셋\n", "하나\n[+둘\n]셋\n"},
		{"a line less", "하나\n둘\n셋", "하나\n셋", "하나\n[-둘\n]셋"},
		{"a line of other words", "■ 기간: 12월\n끝", "언제든 찾아 주세요\n끝", "[-■ 기간: 12월\n][+언제든 찾아 주세요\n]끝"},
		{"a word in one of many lines", "가 나\n다 라\n마 바", "가 나\n다 사\n마 바", "가 나\n다 [-라][+사]\n마 바"},
		{"a line break at the end", "끝", "끝\n", "끝[+\n]"},
		{"an emoji of parts", "와 👩‍🚀!", "와 👩🏽‍🚀!", "와 [-👩‍🚀][+👩🏽‍🚀]!"},
	} {
		if got := written(models.DiffText(tt.old, tt.new)); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// checkDiff checks that edits give both texts, and that no two in a row are of a kind.
func checkDiff(t *testing.T, old, changed string) {
	t.Helper()
	var was, is strings.Builder
	last := models.EditKind(-1)
	for _, e := range models.DiffText(old, changed) {
		if e.Kind != models.EditAdded {
			was.WriteString(e.Text)
		}
		if e.Kind != models.EditRemoved {
			is.WriteString(e.Text)
		}
		if e.Kind == last || e.Text == "" || last == models.EditAdded && e.Kind == models.EditRemoved {
			t.Errorf("%q → %q has %v behind %v", old, changed, e, last)
		}
		last = e.Kind
	}
	if was.String() != old || is.String() != changed {
		t.Errorf("%q → %q: the edits give %q and %q", old, changed, was.String(), is.String())
	}
}

func FuzzDiffText(f *testing.F) {
	for _, seed := range [][2]string{
		{"#{이름|고객}님\n안녕", "#{이름}님\n\n안녕하세요 😀"}, {"a b c\n", "c b a"}, {"\xff\xfe", "#{\n}"}, {" \t", "\u3000 "}, {"1,000.5:3", "1,000.5"}, {"👩🏽‍🚀", "👩"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, old, changed string) {
		checkDiff(t, old, changed)
		if old == changed && len(models.DiffText(old, changed)) > 1 {
			t.Error("the same text has edits")
		}
	})
}

func TestDiffOfLongTextsTakesNoTime(t *testing.T) {
	t.Parallel()
	old, changed := strings.Repeat("가 나 ", 20_000), strings.Repeat("다 나 ", 20_000)
	began := time.Now()
	checkDiff(t, old, changed)
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("took %s", took)
	}
}

func TestCompareVersions(t *testing.T) {
	t.Parallel()
	web := func(name string) models.Button { return webLink(name, "https://a.example/"+name) }
	version := func(buttons ...models.Button) models.TemplateVersion {
		return models.TemplateVersion{Name: "이름", Content: models.Content{Text: "글", Ad: true, Buttons: buttons}}
	}
	same := models.Compare(version(web("가")), version(web("가")))
	if !same.Same() || same.Text != nil {
		t.Errorf("the same version differs in %q", same.Parts())
	}
	was, is := version(), version()
	is.Name, is.Content = "다른 이름", models.Content{
		Text: "다른 글", Image: &models.Picture{ID: 7}, ImageLink: "https://a.example", MessageType: kakao.TemplateWide,
		ContentType: kakao.TemplateFixed, UnsubscribeNo: "080-123-4567", AuthNo: "1", ImageURL: "https://b.example", Buttons: []models.Button{web("가")},
	}
	want := []string{"name", "text", "image", "buttons", "message-type", "content-type", "image-url", "image-link", "ad", "unsubscribe", "auth"}
	if got := models.Compare(was, is).Parts(); !slices.Equal(got, want) {
		t.Errorf("differs in %q", got)
	}
}

func TestCompareButtons(t *testing.T) {
	t.Parallel()
	web := func(name string) models.Button { return webLink(name, "https://a.example/"+name) }
	changed := web("나")
	changed.LinkMo = "https://b.example"
	describe := func(c models.ButtonChange) string {
		name := func(b *models.Button) string {
			if b == nil {
				return "–"
			}
			return b.Name
		}
		text := name(c.Old) + ">" + name(c.New)
		if c.Moved {
			text += "!"
		}
		return text
	}
	for name, tt := range map[string]struct {
		was, is []models.Button
		want    []string
	}{
		"the same":             {[]models.Button{web("가")}, []models.Button{web("가")}, nil},
		"one more":             {[]models.Button{web("가")}, []models.Button{web("가"), web("나")}, []string{"–>나"}},
		"one less":             {[]models.Button{web("가"), web("나")}, []models.Button{web("나")}, []string{"가>–"}},
		"another link":         {[]models.Button{web("가"), web("나")}, []models.Button{web("가"), changed}, []string{"나>나"}},
		"another place":        {[]models.Button{web("가"), web("나")}, []models.Button{web("나"), web("가")}, []string{"가>가!"}},
		"moved and another":    {[]models.Button{web("가"), web("나"), web("다")}, []models.Button{web("다"), web("가"), web("라")}, []string{"나>–", "가>가!", "–>라"}},
		"all of them replaced": {[]models.Button{web("가"), web("나")}, []models.Button{web("다")}, []string{"가>다", "나>–"}},
	} {
		var got []string
		for _, c := range models.Compare(models.TemplateVersion{Content: models.Content{Buttons: tt.was}}, models.TemplateVersion{Content: models.Content{Buttons: tt.is}}).Buttons {
			got = append(got, describe(c))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
