package models

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// EditKind says which of two texts has a piece.
type EditKind int

// The kinds of edits.
const (
	EditKept    EditKind = iota // both have it
	EditRemoved                 // only the old one
	EditAdded                   // only the new one
)

// Edit is a piece of two texts.
type Edit struct {
	Kind EditKind
	Text string
}

// DiffText tells how a text became another one, in whole lines and words: what is
// kept and removed is the old text, what is kept and added the new one. What was
// replaced stands before what has replaced it.
func DiffText(old, changed string) []Edit {
	var edits edits
	was, is := strings.SplitAfter(old, "\n"), strings.SplitAfter(changed, "\n")
	var removed, added strings.Builder
	for _, p := range align(was, is, equal) {
		switch {
		case p.both():
			edits.replace(removed.String(), added.String())
			removed.Reset()
			added.Reset()
			edits.add(EditKept, was[p.old])
		case p.new < 0:
			removed.WriteString(was[p.old])
		default:
			added.WriteString(is[p.new])
		}
	}
	edits.replace(removed.String(), added.String())
	return edits
}

// edits are put together piece by piece.
type edits []Edit

// add appends a piece, to the last one where it is of the same kind.
func (e *edits) add(kind EditKind, text string) {
	if text == "" {
		return
	}
	if last := len(*e) - 1; last >= 0 && (*e)[last].Kind == kind {
		(*e)[last].Text += text
		return
	}
	*e = append(*e, Edit{kind, text})
}

// replace tells how lines became other lines, by their words. Lines that share next to
// nothing have not become one another: each is whole then.
func (e *edits) replace(old, changed string) {
	was, is := words(old), words(changed)
	pairs := align(was, is, equal)
	shared := 0
	for _, p := range pairs {
		if p.both() && !blank(was[p.old]) {
			shared += len(was[p.old])
		}
	}
	if shared*4 < min(len(old), len(changed)) {
		e.add(EditRemoved, old)
		e.add(EditAdded, changed)
		return
	}
	e.join(was, is, pairs)
}

// join adds the edits of words. Blanks that two changes share belong to both of them,
// so that words next to each other are replaced together.
func (e *edits) join(was, is []string, pairs []pair) {
	var removed, added strings.Builder
	for i, p := range pairs {
		switch {
		case p.new < 0:
			removed.WriteString(was[p.old])
		case p.old < 0:
			added.WriteString(is[p.new])
		case removed.Len() > 0 && added.Len() > 0 && blank(was[p.old]) && i+1 < len(pairs) && !pairs[i+1].both():
			removed.WriteString(was[p.old])
			added.WriteString(was[p.old])
		default:
			e.add(EditRemoved, removed.String())
			e.add(EditAdded, added.String())
			removed.Reset()
			added.Reset()
			e.add(EditKept, was[p.old])
		}
	}
	e.add(EditRemoved, removed.String())
	e.add(EditAdded, added.String())
}

// blank reports whether a word is the blank between two others of a line.
func blank(word string) bool { return strings.TrimLeft(word, " \t\u00a0\u3000") == "" }

// words cuts a text into what is read as one: words of letters, numbers, variables,
// blanks, and everything else by itself. Put together again, they are the text.
func words(s string) []string {
	var found []string
	for s != "" {
		n := wordLen(s)
		found = append(found, s[:n])
		s = s[n:]
	}
	return found
}

// wordLen is how many bytes the first word of s has.
func wordLen(s string) int {
	if strings.HasPrefix(s, "#{") {
		if end := strings.IndexAny(s, "}\n"); end > 0 && s[end] == '}' {
			return end + 1
		}
	}
	first, n := utf8.DecodeRuneInString(s)
	inside, last := joins, first
	switch {
	case unicode.IsLetter(first):
		inside = func(r rune) bool { return unicode.IsLetter(r) || unicode.IsMark(r) }
	case unicode.IsDigit(first):
		inside = func(r rune) bool { return unicode.IsDigit(r) || r == ',' || r == '.' || r == ':' }
	case first == ' ' || first == '\t':
		inside = func(r rune) bool { return r == ' ' || r == '\t' }
	}
	for n < len(s) {
		r, size := utf8.DecodeRuneInString(s[n:])
		if !inside(r) && last != zeroWidthJoiner {
			break
		}
		n, last = n+size, r
	}
	return n
}

// zeroWidthJoiner makes one emoji of two.
const zeroWidthJoiner = '\u200d'

// joins reports whether a character belongs to the one before it, as the parts of an
// emoji do.
func joins(r rune) bool {
	const lightest, darkest = '\U0001F3FB', '\U0001F3FF'
	return unicode.IsMark(r) || r == zeroWidthJoiner || lightest <= r && r <= darkest
}

func equal(a, b string) bool { return a == b }

// pair is the places of what two lists share, or of what only one of them has: the
// other place is -1 then.
type pair struct{ old, new int }

func (p pair) both() bool { return p.old >= 0 && p.new >= 0 }

// maxAligned bounds what is compared: beyond it, lists count as replaced from where
// they begin to differ to where they cease to.
const maxAligned = 4 << 20 // old × new

// align pairs as much of two lists as can be, in order. What only the old one has
// comes before what only the new one has.
func align[T any](was, is []T, same func(a, b T) bool) []pair {
	head := 0
	for head < min(len(was), len(is)) && same(was[head], is[head]) {
		head++
	}
	tail := 0
	for tail < min(len(was), len(is))-head && same(was[len(was)-1-tail], is[len(is)-1-tail]) {
		tail++
	}
	pairs := make([]pair, 0, max(len(was), len(is)))
	for i := range head {
		pairs = append(pairs, pair{i, i})
	}
	pairs = alignMiddle(pairs, head, was[head:len(was)-tail], is[head:len(is)-tail], same)
	for i := range tail {
		pairs = append(pairs, pair{len(was) - tail + i, len(is) - tail + i})
	}
	return pairs
}

// alignMiddle appends the pairs of two lists that begin at the place from.
func alignMiddle[T any](pairs []pair, from int, was, is []T, same func(a, b T) bool) []pair {
	var longest [][]int32 // longest[i][k]: how many pairs was[i:] and is[k:] have
	if len(was)*len(is) <= maxAligned {
		longest = common(was, is, same)
	}
	i, k := 0, 0
	for longest != nil && i < len(was) && k < len(is) {
		switch {
		case same(was[i], is[k]):
			pairs = append(pairs, pair{from + i, from + k})
			i, k = i+1, k+1
		case longest[i+1][k] >= longest[i][k+1]:
			pairs = append(pairs, pair{from + i, -1})
			i++
		default:
			pairs = append(pairs, pair{-1, from + k})
			k++
		}
	}
	for ; i < len(was); i++ {
		pairs = append(pairs, pair{from + i, -1})
	}
	for ; k < len(is); k++ {
		pairs = append(pairs, pair{-1, from + k})
	}
	return pairs
}

// common is the table of the longest common subsequences of the ends of two lists.
func common[T any](was, is []T, same func(a, b T) bool) [][]int32 {
	longest := make([][]int32, len(was)+1)
	for i := range longest {
		longest[i] = make([]int32, len(is)+1)
	}
	for i := len(was) - 1; i >= 0; i-- {
		for k := len(is) - 1; k >= 0; k-- {
			if same(was[i], is[k]) {
				longest[i][k] = longest[i+1][k+1] + 1
			} else {
				longest[i][k] = max(longest[i+1][k], longest[i][k+1])
			}
		}
	}
	return longest
}
