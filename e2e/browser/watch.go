package browser

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/playwright-community/playwright-go"
)

// Violations are printed as errors, so that they come by the same way as the
// browser's own. The browser reports most of them itself, but not those of
// documents in frames that are gone by then.
const reportViolations = `addEventListener("securitypolicyviolation", e => console.error(
	"content security policy:", e.effectiveDirective, "blocks", e.blockedURI, "in", e.sourceFile, e.lineNumber, e.sample))`

// watch collects what a page complains about, from its first moment on.
func (p *Page) watch() {
	p.must(p.context.AddInitScript(playwright.Script{Content: playwright.String(reportViolations)}))
	p.context.OnConsole(func(m playwright.ConsoleMessage) {
		if m.Type() != "error" {
			return
		}
		where := ""
		if at := m.Location(); at != nil && at.URL != "" {
			where = fmt.Sprintf(" (%s:%d)", at.URL, at.LineNumber)
		}
		p.complain("console: " + m.Text() + where)
	})
	p.context.OnWebError(func(e playwright.WebError) {
		p.complain("exception: " + e.Error().Error())
	})
}

func (p *Page) complain(complaint string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, allowed := range p.allow {
		if allowed.MatchString(complaint) {
			return
		}
	}
	p.complaints = append(p.complaints, complaint)
}

// Complaints returns what the browser has complained about since the last call,
// which is thereby dealt with and does not fail the test.
func (p *Page) Complaints() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	complaints := p.complaints
	p.complaints = nil
	return complaints
}

// close reports what was collected, keeps what helps to understand a failure, and
// closes the context.
func (p *Page) close() {
	if complaints := p.Complaints(); len(complaints) > 0 {
		p.t.Errorf("the browser complains:\n  %s", strings.Join(complaints, "\n  "))
	}
	if p.t.Failed() && p.Page != nil {
		if err := p.keep(); err != nil {
			p.t.Logf("what was on the page could not be kept: %v", err)
		} else {
			p.t.Logf("what was on the page is kept in %s", p.dir)
		}
	}
	if err := p.context.Close(); err != nil {
		p.t.Logf("close the page: %v", err)
	}
}

// keep writes the page as it is now, and the way to it.
func (p *Page) keep() error {
	if err := os.MkdirAll(p.dir, 0o755); err != nil {
		return err
	}
	_, screenshotErr := p.Screenshot(playwright.PageScreenshotOptions{
		Path: playwright.String(filepath.Join(p.dir, "failed"+p.suffix+".png")), FullPage: playwright.Bool(true),
	})
	html, contentErr := p.Content()
	if contentErr == nil {
		contentErr = os.WriteFile(filepath.Join(p.dir, "failed"+p.suffix+".html"), []byte(html), 0o644)
	}
	traceErr := p.context.Tracing().Stop(filepath.Join(p.dir, "trace"+p.suffix+".zip"))
	return errors.Join(screenshotErr, contentErr, traceErr)
}
