package models

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"soshik/internal/kakao"
)

// checkLink finds what is wrong with a link to a page, in which variables may stand,
// but not for its scheme: their values are percent-encoded.
func checkLink(field, link string, limit int, p problems) {
	if link == "" {
		return
	}
	rest, ok := cutScheme(link)
	begins := func(scheme string) bool { return strings.HasPrefix(scheme, link) }
	switch {
	case slices.ContainsFunc(pageSchemes(), begins):
		p.add(field, "content.link_unfinished")
	case !ok:
		p.add(field, "content.link_scheme")
	case !hasHost(rest) || hasBlank(link):
		p.add(field, "content.link_wrong")
	case linkLen(link) > limit:
		p.add(field, "field.too_long", "Max", limit)
	}
	checkVariables(field, link, p)
}

// pageSchemes are what a link to a page begins with. The provider knows them in lower
// case only.
func pageSchemes() []string { return []string{"https://", "http://"} }

func cutScheme(link string) (rest string, ok bool) {
	for _, scheme := range pageSchemes() {
		if rest, ok := strings.CutPrefix(link, scheme); ok {
			return rest, true
		}
	}
	return "", false
}

// linkLen is how long a link is, its variables without their defaults.
func linkLen(link string) int { return kakao.Len(ParsePattern(link).Plain()) }

// hasHost reports whether a link names a host behind its scheme, which may be a
// variable.
func hasHost(rest string) bool {
	return rest != "" && (!strings.ContainsAny(rest[:1], `/\\?#:@`) || strings.HasPrefix(rest, "#{"))
}

// appScheme is what a link into an app begins with.
var appScheme = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]*):(.+)$`)

// checkScheme finds what is wrong with a link that opens an app, as myshop://sale.
// What runs in a browser instead of leading somewhere is refused.
func checkScheme(field, link string, limit int, p problems) {
	if link == "" {
		return
	}
	found := appScheme.FindStringSubmatch(link)
	switch {
	case found == nil || hasBlank(link) || strings.Trim(found[2], "/") == "":
		p.add(field, "content.scheme_wrong")
	case slices.Contains([]string{"javascript", "data", "vbscript", "file", "blob"}, strings.ToLower(found[1])):
		p.add(field, "content.scheme_refused", "Scheme", strings.ToLower(found[1]))
	case linkLen(link) > limit:
		p.add(field, "field.too_long", "Max", limit)
	}
	checkVariables(field, link, p)
}

// hasBlank reports whether there is a blank or control character in the link outside
// its variables.
func hasBlank(link string) bool {
	for _, part := range ParsePattern(link) {
		if part.name == "" && strings.ContainsFunc(part.literal, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
			return true
		}
	}
	return false
}

// checkVariables finds a "#{" that begins no variable. It would be sent as it
// stands. The last one may be of a variable that is only being written.
func checkVariables(field, text string, p problems) {
	head, unfinished := text, false
	if last := strings.LastIndex(text, "#{"); last >= 0 && !strings.ContainsAny(text[last:], "} \n") {
		head, unfinished = text[:last], true
	}
	for _, part := range ParsePattern(head) {
		at := strings.Index(part.literal, "#{")
		switch {
		case at < 0 || part.name != "":
			continue
		case strings.TrimSpace(before(part.literal[at+2:], "}")) == "" && strings.Contains(part.literal[at:], "}"):
			p.add(field, "content.variable_empty")
		default:
			p.add(field, "content.variable_open")
		}
	}
	if unfinished {
		p.add(field, "content.variable_unfinished")
	}
}

// before is what stands before the first sep in s, or all of s.
func before(s, sep string) string {
	head, _, _ := strings.Cut(s, sep)
	return head
}
