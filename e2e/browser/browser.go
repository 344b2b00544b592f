// Package browser drives Chromium for the browser journeys: one browser for all
// tests of a package, a fresh context (cookies, cache, storage) for each page.
//
// A page watches itself: errors on the console, uncaught exceptions and
// violations of the content security policy fail its test at the end, whatever
// else the test looked at. What a failed test leaves behind (screenshot, HTML,
// trace) is in e2e/artifacts, in a folder of the test's name; a trace is opened
// with `npx playwright-core show-trace FILE`.
//
// It needs no browser of Playwright's own: Debian's Chromium, or the one that
// SOSHIK_CHROMIUM names, and npm's playwright-core. Where one of them is absent,
// tests are skipped, unless SOSHIK_E2E=required says that they must not be.
package browser

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/playwright-community/playwright-go"
)

// errMissing marks what has to be installed before a browser can start.
var errMissing = errors.New("the browser tests are not set up")

// Browser is one running Chromium, started by the first page that is asked for.
// Many tests may use it at once.
type Browser struct {
	once    sync.Once
	err     error
	root    string // of the repository
	driver  string // a temporary folder
	pw      *playwright.Playwright
	browser playwright.Browser
	axe     string // the source of axe-core

	mu    sync.Mutex
	pages map[string]int // opened so far, by folder for what a test leaves behind
}

// New returns a browser that is not started yet. A TestMain makes one for its
// package and closes it when the tests are over:
//
//	var chromium = browser.New()
//
//	func TestMain(m *testing.M) { os.Exit(chromium.Run(m)) }
func New() *Browser {
	return &Browser{}
}

// Run runs the tests of a package, closes the browser, and returns the exit code.
func (b *Browser) Run(m *testing.M) int {
	code := m.Run()
	if err := b.Close(); err != nil {
		fmt.Fprintln(os.Stderr, "close the browser:", err)
		return max(code, 1)
	}
	return code
}

// Close stops the browser, if it was started.
func (b *Browser) Close() error {
	var errs []error
	if b.browser != nil {
		errs = append(errs, b.browser.Close())
	}
	if b.pw != nil {
		errs = append(errs, b.pw.Stop())
	}
	if b.driver != "" {
		errs = append(errs, os.RemoveAll(b.driver))
	}
	return errors.Join(errs...)
}

// started starts the browser, once, and skips or fails the test where that is not
// possible.
func (b *Browser) started(t testing.TB) {
	t.Helper()
	b.once.Do(func() { b.err = b.start() })
	switch {
	case b.err == nil:
	case errors.Is(b.err, errMissing) && os.Getenv("SOSHIK_E2E") != "required":
		t.Skip(b.err)
	default:
		t.Fatal(b.err)
	}
}

// opened counts a page with the folder, and empties the folder for the first one:
// what an earlier run left behind would be taken for this one's.
func (b *Browser) opened(dir string) (number int, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.pages == nil {
		b.pages = map[string]int{}
	}
	if b.pages[dir]++; b.pages[dir] == 1 {
		err = os.RemoveAll(dir)
	}
	return b.pages[dir], err
}

func (b *Browser) start() error {
	var err error
	if b.root, err = repositoryRoot(); err != nil {
		return err
	}
	chromium, err := chromiumPath()
	if err != nil {
		return err
	}
	axe, err := os.ReadFile(filepath.Join(b.root, "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		return fmt.Errorf("%w: %w (make vendor installs it)", errMissing, err)
	}
	b.axe = string(axe)
	if err := b.assembleDriver(); err != nil {
		return err
	}
	b.pw, err = playwright.Run(&playwright.RunOptions{DriverDirectory: b.driver, SkipInstallBrowsers: true})
	if err != nil {
		return fmt.Errorf("start playwright: %w", err)
	}
	b.browser, err = b.pw.Chromium.Launch(playwright.BrowserTypeLaunchOptions{
		ExecutablePath: playwright.String(chromium),
		Args: []string{
			"--no-sandbox", // it cannot be had as root, or in most containers
			"--disable-gpu",
			"--disable-dev-shm-usage", // /dev/shm is 64 MB in a container
			"--disable-background-networking",
			"--disable-component-update",
			"--disable-sync",
			"--no-first-run",
		},
	})
	if err != nil {
		return fmt.Errorf("start %s: %w", chromium, err)
	}
	return nil
}

// assembleDriver makes the folder that playwright-go would otherwise download:
// node, and playwright-core as "package".
func (b *Browser) assembleDriver() error {
	core := filepath.Join(b.root, "node_modules", "playwright-core")
	if _, err := os.Stat(core); err != nil {
		return fmt.Errorf("%w: %w (make vendor installs it)", errMissing, err)
	}
	node, err := exec.LookPath("node")
	if err != nil {
		return fmt.Errorf("%w: %w", errMissing, err)
	}
	if b.driver, err = os.MkdirTemp("", "soshik-playwright-*"); err != nil {
		return err
	}
	return errors.Join(
		os.Symlink(core, filepath.Join(b.driver, "package")),
		// PLAYWRIGHT_NODEJS_PATH would say the same, but to the whole process.
		os.Symlink(node, filepath.Join(b.driver, "node")),
	)
}

// chromiumPath returns the browser that SOSHIK_CHROMIUM names, else the system's.
func chromiumPath() (string, error) {
	candidates := []string{"chromium", "google-chrome-stable", "google-chrome"}
	if named := os.Getenv("SOSHIK_CHROMIUM"); named != "" {
		candidates = []string{named}
	}
	for _, candidate := range candidates {
		if path, err := exec.LookPath(candidate); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%w: none of %q is installed (Debian's package is chromium; SOSHIK_CHROMIUM names another)",
		errMissing, candidates)
}

// repositoryRoot looks for it above the working folder, which go test sets to the
// folder of the package that is tested.
func repositoryRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "package-lock.json")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("%w: no folder above this one has a package-lock.json", errMissing)
		}
		dir = parent
	}
}
