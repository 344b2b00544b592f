package jobs_test

import (
	"slices"
	"strings"
	"testing"

	"soshik/internal/jobs"
	"soshik/internal/locale"
)

// The overview says in words which kind of job fails.
func TestEveryKindOfJobHasItsNameAndNoOther(t *testing.T) {
	t.Parallel()
	catalogs, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, kind := range jobs.Kinds() {
		want = append(want, "job."+kind)
	}
	slices.Sort(want)
	for _, tag := range locale.Tags() {
		var got []string
		for _, key := range catalogs.Locale(tag).Keys() {
			if strings.HasPrefix(key, "job.") {
				got = append(got, key)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s names %q, want %q", tag, got, want)
		}
	}
}
