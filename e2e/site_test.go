package e2e_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/playwright-community/playwright-go"

	"soshik/e2e/browser"
	"soshik/internal/kakao"
	"soshik/internal/testdb"
	"soshik/web"
)

var chromium = browser.New()

func TestMain(m *testing.M) { os.Exit(chromium.Run(m)) }

// The demo's people; all have the same password.
const (
	admin    = "admin@demo.example"
	approver = "approver@demo.example"
	marketer = "marketer@demo.example"
	viewer   = "viewer@demo.example"
	password = "soshik-demo"
)

// sendingTakes bounds how long a small campaign is on its way with the simulated
// provider, which takes its time as the real one does; in milliseconds.
const sendingTakes = 60_000

// site is the whole program, served for one test by day in Korea.
type site struct {
	*web.App
	url string
}

func newSite(t *testing.T, demo bool, changes ...func(*web.Config)) *site {
	t.Helper()
	cfg := web.Config{
		Demo: demo, Database: testdb.New(t), DataDir: t.TempDir(), MaxUpload: 1, Workers: 2, Settling: 5 * time.Second, CallTimeout: 5 * time.Second,
		ResultsEvery: 200 * time.Millisecond, SweepEvery: 100 * time.Millisecond, ClockOffset: kakao.DayOffset(time.Now()),
	}
	for _, change := range changes {
		change(&cfg)
	}
	a, err := web.New(t.Context(), cfg, slog.New(slog.DiscardHandler))
	check(t, err)
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	check(t, err)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Serve(ctx, ln) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return &site{App: a, url: "http://" + ln.Addr().String()}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// visitor is somebody at a browser.
type visitor struct {
	*browser.Page

	t       *testing.T
	options browser.Options
}

func (s *site) visitor(t *testing.T, options browser.Options) *visitor {
	t.Helper()
	options.BaseURL = s.url
	return &visitor{Page: chromium.Page(t, options), t: t, options: options}
}

// signedIn is somebody at a browser who has signed in.
func (s *site) signedIn(t *testing.T, email string, options browser.Options) *visitor {
	t.Helper()
	v := s.visitor(t, options)
	v.Visit("/sign-in")
	v.signIn(email, password)
	return v
}

func (v *visitor) signIn(email, secret string) {
	v.t.Helper()
	v.Fill(v.Locator("#email"), email)
	v.Fill(v.Locator("#password"), secret)
	v.Click(v.Locator("form[action='/sign-in'] button"))
	v.SeesNot(v.Locator("form[action='/sign-in']"))
}

// button presses a button by its whole name.
func (v *visitor) button(name string) {
	v.t.Helper()
	v.Click(v.Role("button", "").Filter(playwright.LocatorFilterOptions{HasText: exactly(name)}))
}

// link follows a link of the main part by its whole name; of several names, the one
// that is there.
func (v *visitor) link(names ...string) {
	v.t.Helper()
	for i, name := range names {
		names[i] = regexp.QuoteMeta(name)
	}
	expression := regexp.MustCompile(`^\s*(` + strings.Join(names, "|") + `)\s*$`)
	v.Click(v.main().GetByRole("link", playwright.LocatorGetByRoleOptions{Name: expression}).First())
}

// menu follows an entry of the menu.
func (v *visitor) menu(name string) {
	v.t.Helper()
	v.Click(v.Role("navigation", "주 메뉴").GetByRole("link", playwright.LocatorGetByRoleOptions{Name: exactly(name)}))
	v.Sees(v.Role("heading", "").Filter(playwright.LocatorFilterOptions{HasText: exactly(name)}).First())
}

func exactly(name string) *regexp.Regexp {
	return regexp.MustCompile(`^\s*` + regexp.QuoteMeta(name) + `\s*$`)
}

func (v *visitor) main() playwright.Locator { return v.Locator("main") }

// says waits until the main part says all of the texts.
func (v *visitor) says(texts ...string) {
	v.t.Helper()
	for _, text := range texts {
		v.Reads(v.main(), text)
	}
}

// saysSoon is says for what takes as long as sending does.
func (v *visitor) saysSoon(found playwright.Locator, text string) {
	v.t.Helper()
	v.Must(v.Expect().Locator(found).ToContainText(text, playwright.LocatorAssertionsToContainTextOptions{
		Timeout: playwright.Float(sendingTakes),
	}))
}

// isAt waits until the path of the URL fits the expression.
func (v *visitor) isAt(path string) {
	v.t.Helper()
	v.Must(v.Expect().Page(v.Page.Page).ToHaveURL(regexp.MustCompile("^" + regexp.QuoteMeta(v.options.BaseURL) + path + "$")))
}

// path is where the page is, without the site.
func (v *visitor) path() string { return strings.TrimPrefix(v.URL(), v.options.BaseURL) }

// look checks what holds for every page: nobody is kept out, light or dark; nothing
// sticks out of a telephone's screen; and every text is there in the language.
func (v *visitor) look(name string) {
	v.t.Helper()
	v.translated()
	if v.options.Locale == "" { // what else axe looks at is the same in every language
		v.Axe()
		v.Must(v.EmulateMedia(playwright.PageEmulateMediaOptions{ColorScheme: playwright.ColorSchemeDark}))
		v.Axe()
		v.Must(v.EmulateMedia(playwright.PageEmulateMediaOptions{ColorScheme: playwright.ColorSchemeLight}))
	}
	v.Must(v.SetViewportSize(390, 844))
	v.fits()
	v.Must(v.SetViewportSize(1280, 800))
	v.pictures(name)
}

// fits checks that nothing sticks out at the side.
func (v *visitor) fits() {
	v.t.Helper()
	answer, err := v.Evaluate(`() => {
		const wide = innerWidth, all = [...document.querySelectorAll("body *")]
		if (document.documentElement.scrollWidth <= wide) return ""
		const out = all.filter(e => e.getBoundingClientRect().right > wide + 1 && !e.closest(".table-responsive"))
		return document.documentElement.scrollWidth + " wide: " + out.slice(0, 5).map(e => e.tagName + "." + e.getAttribute("class")).join(", ")
	}`)
	v.Must(err)
	if answer != "" {
		v.t.Errorf("%s sticks out of a window of 390: %v", v.path(), answer)
	}
}

// translated checks that no key stands where its text should.
func (v *visitor) translated() {
	v.t.Helper()
	text, err := v.Locator("body").InnerText()
	v.Must(err)
	title, err := v.Title()
	v.Must(err)
	expression, err := keys()
	v.Must(err)
	if found := expression.FindAllString(title+"\n"+text, -1); len(found) > 0 {
		v.t.Errorf("%s (%s) shows the keys %q", v.path(), v.options.Locale, found)
	}
}

// keys finds what looks like a key of the catalogs.
var keys = sync.OnceValues(func() (*regexp.Regexp, error) {
	files, err := filepath.Glob("../internal/locale/catalog/*.ko.json")
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no catalogs: %w", err)
	}
	var names []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var catalog map[string]string
		if err := json.Unmarshal(text, &catalog); err != nil {
			return nil, err
		}
		for key := range catalog {
			first, _, _ := strings.Cut(key, ".")
			names = append(names, first)
		}
	}
	slices.Sort(names)
	return regexp.Compile(`(?:^|[^\w@./-])(?:` + strings.Join(slices.Compact(names), "|") + `)\.[a-z_]+[a-z_.0-9]*`)
})

// pictures keeps how the page looks, for people, where they have asked for it.
func (v *visitor) pictures(name string) {
	v.t.Helper()
	if os.Getenv("SOSHIK_PICTURES") != "1" {
		return
	}
	language, _, _ := strings.Cut(v.options.Locale, "-")
	language = cmp.Or(language, "ko")
	for _, width := range []int{1440, 390} {
		v.Must(v.SetViewportSize(width, 900))
		for _, scheme := range []*playwright.ColorScheme{playwright.ColorSchemeLight, playwright.ColorSchemeDark} {
			v.Must(v.EmulateMedia(playwright.PageEmulateMediaOptions{ColorScheme: scheme}))
			v.Must2(v.Evaluate("scrollTo(0, 0)"))
			v.Picture(fmt.Sprintf("%s-%s-%d-%s", name, language, width, *scheme))
		}
	}
	v.Must(v.EmulateMedia(playwright.PageEmulateMediaOptions{ColorScheme: playwright.ColorSchemeLight}))
	v.Must(v.SetViewportSize(1280, 800))
}

func hasText(text string) playwright.LocatorFilterOptions {
	return playwright.LocatorFilterOptions{HasText: text}
}

func labelled(text string) playwright.SelectOptionValues {
	return playwright.SelectOptionValues{Labels: &[]string{text}}
}
