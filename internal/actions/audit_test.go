package actions_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// quoted finds what looks like the name of an action; an action is named in quotes
// wherever it is used, be it in an Event or as an argument.
var (
	named  = regexp.MustCompile(`Action:\s*"([a-z_]+\.[a-z_]+)"`)
	quoted = regexp.MustCompile(`"((?:session|user|access|appkey|member|sender|campaign|import|batch|audience|team|template)\.[a-z_]+)"`)
)

func TestEveryAuditedActionHasItsText(t *testing.T) {
	t.Parallel()
	ko, found := texts(t, "ko"), 0
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, action := range actionsIn(string(source)) {
			// An argument may also be the key of another text, which then exists.
			if found++; !ko.Has("audit."+action.name) && (action.sure || !ko.Has(action.name)) {
				t.Errorf("%s: audit.%s has no text", file, action.name)
			}
		}
	}
	if found < 20 {
		t.Errorf("only %d actions were found: the expressions have gone stale", found)
	}
}

type actionName struct {
	name string
	sure bool // it stands in an Event
}

func actionsIn(source string) []actionName {
	var names []actionName
	for _, m := range named.FindAllStringSubmatch(source, -1) {
		names = append(names, actionName{m[1], true})
	}
	for _, m := range quoted.FindAllStringSubmatch(source, -1) {
		names = append(names, actionName{m[1], false})
	}
	return names
}
