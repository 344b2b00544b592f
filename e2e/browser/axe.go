package browser

import (
	"encoding/json"
	"fmt"
	"strings"
)

// violation is a part of what axe-core reports, see its API.md, "Results Object".
type violation struct {
	ID      string
	Impact  string // minor, moderate, serious, critical
	Help    string
	HelpURL string
	Nodes   []struct {
		Target         []any
		HTML           string
		FailureSummary string
	}
}

// Axe fails the test for every serious or critical barrier that axe-core finds on
// the page as it is now. Rules are excluded by their ids, which needs a reason
// beside it.
//
// It is injected by the debugger's protocol, to which the page's content security
// policy does not apply. It is a script all the same, and cannot look at a page of
// NoScript.
func (p *Page) Axe(without ...string) {
	p.t.Helper()
	if p.opts.NoScript {
		p.t.Fatal("axe-core cannot run where JavaScript is switched off")
	}
	var report []string
	for _, v := range p.violations(without) {
		if v.Impact == "serious" || v.Impact == "critical" {
			report = append(report, v.String())
		}
	}
	if len(report) > 0 {
		p.t.Errorf("%s has barriers:\n%s", p.URL(), strings.Join(report, "\n"))
	}
}

func (p *Page) violations(without []string) []violation {
	p.t.Helper()
	there, err := p.Evaluate(`"axe" in window`)
	p.must(err)
	if there != true {
		_, err = p.Evaluate(p.b.axe)
		p.must(err)
	}
	rules := map[string]any{}
	for _, id := range without {
		rules[id] = map[string]bool{"enabled": false}
	}
	// As JSON, since the driver's own way would lose the structure.
	answer, err := p.Evaluate(`rules => axe.run(document, { rules, resultTypes: ["violations"] })
		.then(result => JSON.stringify(result.violations))`, rules)
	p.must(err)
	text, _ := answer.(string)
	var violations []violation
	p.must(json.Unmarshal([]byte(text), &violations))
	return violations
}

func (v violation) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "  %s: %s [%s] %s\n", v.Impact, v.Help, v.ID, v.HelpURL)
	for _, node := range v.Nodes {
		fmt.Fprintf(&s, "    %v: %s\n      %s\n", node.Target, node.HTML,
			strings.ReplaceAll(node.FailureSummary, "\n", "\n      "))
	}
	return s.String()
}
