package nhn

import (
	"cmp"
	"iter"

	"soshik/internal/kakao"
)

// walk reads page after page, as [walkPages] does, and yields what they hold.
func walk[T any](from, size int, read func(page, size int) ([]T, int, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for p, err := range walkPages(from, size, read) {
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, v := range p.list {
				if !yield(v, nil) {
					return
				}
			}
		}
	}
}

// listPage is a page, and how many entries all pages have: -1 if nobody says.
type listPage[T any] struct {
	list  []T
	total int
}

// walkPages reads page after page, from the given one, until there is nothing more. A
// size of 0 becomes the greatest. It ends with the first error.
//
// The provider counts pages anew at each call, so what is added meanwhile may shift
// entries from one page to the next and make one come twice. Its pages may be smaller
// than what was asked for, and it may not say how many entries there are (-1), so a
// page that is not full does not have to be the last.
func walkPages[T any](from, size int, read func(page, size int) ([]T, int, error)) iter.Seq2[listPage[T], error] {
	from, size = max(from, 1), cmp.Or(size, kakao.MaxPageSize)
	return func(yield func(listPage[T], error) bool) {
		seen := (from - 1) * size
		for page := from; ; page++ {
			list, total, err := read(page, size)
			if err != nil {
				yield(listPage[T]{}, err)
				return
			}
			if !yield(listPage[T]{list, total}, nil) {
				return
			}
			seen += len(list)
			if len(list) == 0 || total >= 0 && seen >= total && page*size >= total {
				return
			}
		}
	}
}
