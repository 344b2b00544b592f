package prove_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every test that the document names is there.
func TestTheDocumentNamesTestsThatAreThere(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/proving.md")
	if err != nil {
		t.Fatal(err)
	}
	var tests strings.Builder
	for _, pattern := range []string{"*_test.go", "../actions/*_test.go", "../../models/*_test.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file) //nolint:gosec // our own
			if err != nil {
				t.Fatal(err)
			}
			tests.Write(content)
		}
	}
	names := regexp.MustCompile("`(Test[A-Za-z]+)`").FindAllSubmatch(text, -1)
	if len(names) < 30 {
		t.Fatalf("only %d tests are named", len(names))
	}
	for _, name := range names {
		if !strings.Contains(tests.String(), "func "+string(name[1])+"(t *testing.T)") {
			t.Errorf("%s is not there", name[1])
		}
	}
}
