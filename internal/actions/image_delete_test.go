package actions_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"soshik/internal/actions"
	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

func TestAnImageThatIsUsedIsDeletedOnlyWhenThatIsMeant(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	up := b.uploads(t, "봄.png", 1)
	c := b.draft(t, 1)
	must(t, b.DB.UseImage(t.Context(), models.PlaceCampaign, c.ID, up.ID))
	in := actions.DeleteImages{Images: []int64{up.ID}}
	d, err := b.DeleteImages(t.Context(), b.admin, b.appkey, in)
	if models.KindOf(err) != models.Conflict || models.FieldText(err, "anyway").Key == "" || len(d.Uses) != 1 || d.Uses[0].Name != c.Name {
		t.Errorf("told %v, %+v", err, d)
	}
	in.Anyway = true
	d, err = b.DeleteImages(t.Context(), b.admin, b.appkey, in)
	must(t, err)
	if len(d.Kept) != 0 || len(b.atProvider(t)) != 0 || len(b.library(t)) != 0 {
		t.Errorf("left: %+v, %q, %q", d.Kept, b.atProvider(t), b.library(t))
	}
	if got := b.audited(t); !slices.Equal(got[2:], []string{"image.delete_copy", "image.delete"}) {
		t.Errorf("recorded %q", got)
	}
	// What shows it has the original, and what sends it uploads a copy, by which it is back.
	if _, err := b.DB.ImageFile(t.Context(), b.team.ID, up.ID); err != nil {
		t.Error(err)
	}
	if seq, err := b.EnsureUploaded(t.Context(), b.appkey, up.ID); seq != 2 || err != nil {
		t.Errorf("used as %d, %v", seq, err)
	}
	if diff := cmp.Diff([]string{"봄.png"}, b.library(t)); diff != "" {
		t.Error(diff)
	}
}

func TestManyImagesAreDeletedWithFewCalls(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	var in actions.DeleteImages
	for shade := range uint8(60) {
		in.Images = append(in.Images, b.uploads(t, "봄.png", shade).ID)
	}
	calls := 0
	b.sim.SetFaults(nhnsim.Faults{Hook: func(r *http.Request) *nhnsim.Answer {
		if r.Method == http.MethodDelete {
			calls++
		}
		return nil
	}})
	b.ask(t, http.MethodDelete, "/images?imageSeq=7,33", "") // somebody at the console
	calls = 0
	d, err := b.DeleteImages(t.Context(), b.admin, b.appkey, in)
	must(t, err)
	if len(d.Kept) != 0 || len(b.library(t)) != 0 || b.ask(t, http.MethodGet, "/images", "imageSeq") || calls > 30 {
		t.Errorf("kept %+v, %q; %d calls", d.Kept, b.library(t), calls)
	}
	if _, err := b.DeleteImages(t.Context(), b.admin, b.appkey, in); models.TextOf(err).Key != "image.pick_none" {
		t.Errorf("again: %v", err)
	}
	if _, err := b.DeleteImages(t.Context(), b.admin, b.appkey, actions.DeleteImages{Images: make([]int64, actions.MaxDeleted+1)}); models.TextOf(err).Key != "image.pick_many" {
		t.Errorf("too many: %v", err)
	}
}

func TestDeletionsThatFail(t *testing.T) {
	t.Parallel()
	const op = "delete images"
	for name, test := range map[string]struct {
		faults []nhnsim.Fault
		want   string // what is told of each; empty: they are deleted
	}{
		"refused":                         {[]nhnsim.Fault{{Kind: nhnsim.FaultCodeBefore, Code: kakao.CodeImageUndeletable, Endpoint: op}}, "api.-8003"},
		"too many calls":                  {[]nhnsim.Fault{{Kind: nhnsim.FaultTooMany, Endpoint: op}}, "provider.busy"},
		"not carried out, and no answer":  {[]nhnsim.Fault{{Kind: nhnsim.FaultDropBefore, Endpoint: op}}, "image.delete.still_there"},
		"carried out, and no answer":      {[]nhnsim.Fault{{Kind: nhnsim.FaultDropAfter, Endpoint: op}}, ""},
		"no answer, and no list":          {[]nhnsim.Fault{{Kind: nhnsim.FaultDropAfter, Endpoint: op}, {Kind: nhnsim.FaultCodeBefore, Code: kakao.CodeSecretKey, Endpoint: "images"}}, "image.delete.doubt"},
		"refused together, but not alone": {[]nhnsim.Fault{{Kind: nhnsim.FaultCodeBefore, Code: kakao.CodeImageUndeletable, Endpoint: op, Count: 1}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, time.Second)
			in := actions.DeleteImages{Images: []int64{b.uploads(t, "a.png", 1).ID, b.uploads(t, "b.png", 2).ID}}
			b.sim.SetFaults(nhnsim.Faults{Rules: test.faults})
			d, err := b.DeleteImages(t.Context(), b.admin, b.appkey, in)
			must(t, err)
			kept := 0
			if test.want != "" {
				kept = 2
			}
			if len(d.Kept) != kept || len(b.library(t)) != kept {
				t.Fatalf("kept %+v, %q", d.Kept, b.library(t))
			}
			for _, k := range d.Kept {
				if k.Why.Key != test.want || k.Appkey != b.appkey.Name {
					t.Errorf("kept because of %+v, want %s", k, test.want)
				}
			}
		})
	}
}

func TestAnImageIsDeletedUnderEveryAppkeyOrStays(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	k := b.another(t)
	up, alone := b.uploads(t, "봄.png", 1), b.uploads(t, "가을.png", 2)
	_, err := b.EnsureUploaded(t.Context(), k, up.ID)
	must(t, err)
	must(t, b.sim.SetAppkeyState("anotherappkey", nhnsim.AppkeyState{Disabled: true}))
	in := actions.DeleteImages{Images: []int64{up.ID, alone.ID}}
	d, err := b.DeleteImages(t.Context(), b.admin, b.appkey, in)
	must(t, err)
	if len(d.Kept) != 1 || d.Kept[0].Name != "봄.png" || d.Kept[0].Appkey != k.Name || !slices.Equal(b.library(t), []string{"봄.png"}) {
		t.Errorf("kept %+v, %q", d.Kept, b.library(t))
	}
	if len(b.atProvider(t)) != 0 {
		t.Errorf("the first appkey has %q", b.atProvider(t))
	}
}

func TestWhatOnlyTheProviderHasIsDeletedToo(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	seq, err := b.sim.AddImage(testAppkey, "콘솔에서.jpg", false)
	must(t, err)
	b.listsAlso("http://127.0.0.2/a.png")
	b.lists(t)
	b.sim.SetFaults(nhnsim.Faults{})
	d, err := b.DeleteImages(t.Context(), b.admin, b.appkey, actions.DeleteImages{Uploads: []int{seq, 99}})
	if err != nil || len(d.Uploads) != 1 || len(d.Kept) != 0 || len(b.atProvider(t)) != 0 {
		t.Errorf("%+v, %v, %q", d, err, b.atProvider(t))
	}
	if left, err := b.DB.UnkeptUploads(t.Context(), b.appkey.ID, 5); err != nil || len(left) != 0 {
		t.Errorf("left: %+v, %v", left, err)
	}
}
