package nhn

import (
	"iter"

	"soshik/internal/kakao"
)

// walk reads page after page, from the given one, until one is not full or the
// total is reached, and yields what they hold. A size of 0 becomes the greatest.
// The provider counts pages anew at each call, so what is added meanwhile may shift
// entries from one page to the next and make one come twice.
func walk[T any](from int, size *int, read func(page int) ([]T, int, error)) iter.Seq2[T, error] {
	if *size == 0 {
		*size = kakao.MaxPageSize
	}
	return func(yield func(T, error) bool) {
		for page := max(from, 1); ; page++ {
			list, total, err := read(page)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, v := range list {
				if !yield(v, nil) {
					return
				}
			}
			if len(list) == 0 || page**size >= total {
				return
			}
		}
	}
}
