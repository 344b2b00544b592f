package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/playwright-community/playwright-go"
)

// How long actions and expectations wait for what they are about. It is the time
// after which a test fails, not a time that anything takes.
const patience = 15_000 // milliseconds

// Options is how the person sits at the page. The zero value is a desk in Seoul:
// Korean, 1280 × 800, light, with JavaScript.
type Options struct {
	// BaseURL is what Visit's paths are relative to.
	BaseURL string
	// Locale is a language tag such as "ja-JP"; "" is "ko-KR".
	Locale string
	// Width and Height are the window's in CSS pixels; 0 is 1280 and 800.
	Width, Height int
	// Dark asks for dark colours.
	Dark bool
	// NoScript switches JavaScript off.
	NoScript bool
	// State is cookies and storage to start with, as another page's State returned
	// them.
	State *playwright.StorageState
	// Allow has regular expressions for complaints of the browser that the test
	// expects, such as `status of 403`. That a form came back with 422 is no
	// complaint.
	Allow []string
}

// Page is a browser's page in a context of its own. Its methods fail the test when
// they cannot do what they say.
//
// Playwright's own methods are there too. They wait by themselves until what they
// are about is there, visible and still; a test never waits for time to pass.
type Page struct {
	playwright.Page

	t       testing.TB
	b       *Browser
	context playwright.BrowserContext
	expect  playwright.PlaywrightAssertions
	opts    Options
	allow   []*regexp.Regexp
	dir     string // for what a failed test leaves behind
	suffix  string // of the files there, where a test has several pages

	mu         sync.Mutex
	complaints []string
}

// Page opens an empty page for one test, and closes it when the test is over.
func (b *Browser) Page(t testing.TB, opts Options) *Page {
	t.Helper()
	b.started(t)

	p := &Page{
		t: t, b: b, opts: opts,
		expect: playwright.NewPlaywrightAssertions(patience),
		dir:    filepath.Join(b.root, "e2e", "artifacts", fileName(t.Name())),
		// A form with a mistake answers 422, which the console notes as an error.
		allow: []*regexp.Regexp{regexp.MustCompile(`status of 422\b`)},
	}
	for _, expression := range opts.Allow {
		p.allow = append(p.allow, regexp.MustCompile(expression))
	}
	number, err := b.opened(p.dir)
	p.must(err)
	if number > 1 {
		p.suffix = fmt.Sprintf("-%d", number)
	}

	p.context, err = b.browser.NewContext(contextOptions(opts))
	p.must(err)
	t.Cleanup(p.close)
	p.context.SetDefaultTimeout(patience)
	p.watch()
	p.must(p.context.Tracing().Start(playwright.TracingStartOptions{Snapshots: playwright.Bool(true)}))
	p.Page, err = p.context.NewPage()
	p.must(err)
	return p
}

func contextOptions(opts Options) playwright.BrowserNewContextOptions {
	size := &playwright.Size{Width: 1280, Height: 800}
	if opts.Width > 0 {
		size.Width = opts.Width
	}
	if opts.Height > 0 {
		size.Height = opts.Height
	}
	locale := "ko-KR"
	if opts.Locale != "" {
		locale = opts.Locale
	}
	scheme := playwright.ColorSchemeLight
	if opts.Dark {
		scheme = playwright.ColorSchemeDark
	}
	result := playwright.BrowserNewContextOptions{
		Viewport:          size,
		Locale:            playwright.String(locale),
		TimezoneId:        playwright.String("Asia/Seoul"),
		ColorScheme:       scheme,
		ReducedMotion:     playwright.ReducedMotionReduce,
		JavaScriptEnabled: playwright.Bool(!opts.NoScript),
	}
	if opts.BaseURL != "" {
		result.BaseURL = playwright.String(opts.BaseURL)
	}
	if opts.State != nil {
		result.StorageState = opts.State.ToOptionalStorageState()
	}
	return result
}

// Visit goes to a path of the site, or to a whole URL, and waits until it is loaded.
func (p *Page) Visit(path string) {
	p.t.Helper()
	_, err := p.Goto(path)
	p.must(err)
}

// Role finds elements by their ARIA role and their name, or a part of it, as a
// screen reader says it: Role("button", "저장").
func (p *Page) Role(role, name string) playwright.Locator {
	options := playwright.PageGetByRoleOptions{}
	if name != "" {
		options.Name = name
	}
	return p.GetByRole(playwright.AriaRole(role), options)
}

// Field finds a form's field by the exact text of its label.
func (p *Page) Field(label string) playwright.Locator {
	return p.GetByLabel(label, playwright.PageGetByLabelOptions{Exact: playwright.Bool(true)})
}

// Click clicks the one element that is found.
func (p *Page) Click(found playwright.Locator) {
	p.t.Helper()
	p.must(found.Click())
}

// Fill replaces what a field holds.
func (p *Page) Fill(field playwright.Locator, text string) {
	p.t.Helper()
	p.must(field.Fill(text))
}

// Press presses a key such as "Tab" or "Control+Enter" where the focus is.
func (p *Page) Press(key string) {
	p.t.Helper()
	p.must(p.Keyboard().Press(key))
}

// Compose shows the steps of an unfinished composition where the focus is, as an
// input method does while a syllable is typed: Compose("ㅎ", "하", "한"). Commit
// ends it.
func (p *Page) Compose(steps ...string) {
	p.t.Helper()
	session, err := p.context.NewCDPSession(p.Page)
	p.must(err)
	for _, step := range steps {
		end := len([]rune(step))
		_, err := session.Send("Input.imeSetComposition",
			map[string]any{"text": step, "selectionStart": end, "selectionEnd": end})
		p.must(err)
	}
	p.must(session.Detach())
}

// Commit ends a composition with the text that it led to.
func (p *Page) Commit(text string) {
	p.t.Helper()
	p.must(p.Keyboard().InsertText(text))
}

// Sees waits until exactly one element is found and visible.
func (p *Page) Sees(found playwright.Locator) {
	p.t.Helper()
	p.must(p.expect.Locator(found).ToBeVisible())
}

// SeesNot waits until nothing visible is found.
func (p *Page) SeesNot(found playwright.Locator) {
	p.t.Helper()
	p.must(p.expect.Locator(found).ToBeHidden())
}

// Reads waits until the text is part of what the element says.
func (p *Page) Reads(found playwright.Locator, text string) {
	p.t.Helper()
	p.must(p.expect.Locator(found).ToContainText(text))
}

// Holds waits until a field has the value.
func (p *Page) Holds(field playwright.Locator, value string) {
	p.t.Helper()
	p.must(p.expect.Locator(field).ToHaveValue(value))
}

// IsAt waits until the page's URL is the base URL with this path and query.
func (p *Page) IsAt(path string) {
	p.t.Helper()
	// An expression, since playwright-go puts the base URL before every text.
	url := regexp.QuoteMeta(strings.TrimSuffix(p.opts.BaseURL, "/") + path)
	p.must(p.expect.Page(p.Page).ToHaveURL(regexp.MustCompile("^" + url + "$")))
}

// Expect is the rest of Playwright's expectations. Their errors belong into Must.
func (p *Page) Expect() playwright.PlaywrightAssertions { return p.expect }

// Must fails the test if err is not nil.
func (p *Page) Must(err error) {
	p.t.Helper()
	p.must(err)
}

// State returns the cookies and the storage, for another page to start with.
func (p *Page) State() *playwright.StorageState {
	p.t.Helper()
	state, err := p.context.StorageState()
	p.must(err)
	return state
}

// Picture keeps a screenshot of the whole page in the test's folder of
// e2e/artifacts, for people to look at, and returns its path.
func (p *Page) Picture(name string) string {
	p.t.Helper()
	p.must(os.MkdirAll(p.dir, 0o755))
	path := filepath.Join(p.dir, fileName(name)+".png")
	_, err := p.Screenshot(playwright.PageScreenshotOptions{
		Path: playwright.String(path), FullPage: playwright.Bool(true),
	})
	p.must(err)
	return path
}

func (p *Page) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// fileName makes a test's name the name of a folder.
func fileName(name string) string {
	return regexp.MustCompile(`[^\pL\pN._-]+`).ReplaceAllString(name, "_")
}
