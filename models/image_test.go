package models_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"soshik/internal/kakao"
	"soshik/models"
)

// put puts an image into the office's library.
func (o *office) put(t testing.TB, i models.Image) (models.Image, models.ImagePut) {
	t.Helper()
	i.TeamID = o.team.ID
	if i.Hash == "" {
		i.Hash = i.Name
	}
	if i.CreatedAt.IsZero() {
		i.CreatedAt = o.now
	}
	put, err := o.PutImage(t.Context(), &i, models.ImageFile{Original: []byte(i.Name), Thumbnail: []byte("small " + i.Name)})
	must(t, err)
	return i, put
}

func (o *office) library(t testing.TB, f models.ImageFilter, size int) []string {
	t.Helper()
	var names []string
	for {
		is, err := o.Images(t.Context(), o.team.ID, f, size)
		must(t, err)
		for _, i := range is {
			names = append(names, i.Name)
			f.After = i.ID
		}
		if len(is) < size {
			return names
		}
	}
}

func TestAnImageIsKeptOnceForEachKind(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	first, put := o.put(t, models.Image{Name: "봄.jpg", Hash: "1", CreatedBy: 7})
	if put != models.ImageNew || first.ID == 0 {
		t.Errorf("the first: %v %+v", put, first)
	}
	again, put := o.put(t, models.Image{Name: "다른-이름.jpg", Hash: "1", CreatedBy: 8})
	if put != models.ImageKnown || again.ID != first.ID || again.Name != "봄.jpg" || again.CreatedBy != 7 {
		t.Errorf("the same again: %v %+v", put, again)
	}
	wide, put := o.put(t, models.Image{Name: "봄.jpg", Hash: "1", Wide: true})
	if put != models.ImageNew || wide.ID == first.ID {
		t.Errorf("the same, wide: %v %+v", put, wide)
	}
	file, err := o.ImageFile(t.Context(), o.team.ID, first.ID)
	if err != nil || string(file.Original) != "봄.jpg" {
		t.Errorf("kept as %q, %v", file.Original, err)
	}
	small, err := o.ImageThumbnail(t.Context(), o.team.ID, first.ID)
	if err != nil || string(small) != "small 봄.jpg" {
		t.Errorf("kept as %q, %v", small, err)
	}
	for _, err := range []error{
		second(o.Image(t.Context(), o.team.ID+1, first.ID)), second(o.ImageFile(t.Context(), o.team.ID+1, first.ID)),
		second(o.ImageThumbnail(t.Context(), o.team.ID+1, first.ID)),
	} {
		if models.KindOf(err) != models.NotFound {
			t.Errorf("another team has it: %v", err)
		}
	}

	must(t, o.HideImages(t.Context(), []int64{first.ID}, o.now))
	hidden, err := o.Image(t.Context(), o.team.ID, first.ID)
	if err != nil || hidden.HiddenAt == nil {
		t.Errorf("out of the library: %+v, %v", hidden, err)
	}
	back, put := o.put(t, models.Image{Name: "새-이름.jpg", Hash: "1", CreatedBy: 9})
	kept, err := o.Image(t.Context(), o.team.ID, first.ID)
	if put != models.ImageBack || back.ID != first.ID || err != nil || kept.HiddenAt != nil || kept.Name != "새-이름.jpg" || kept.CreatedBy != 9 {
		t.Errorf("back: %v %+v, kept as %+v, %v", put, back, kept, err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestTheLibraryIsSearchedAndPaged(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for n, i := range []models.Image{
		{Name: "오래된.jpg", CreatedAt: o.now.Add(-time.Hour)}, {Name: "50%_할인.png", Wide: true}, {Name: "Sale.JPG"}, {Name: "500할인.png"}, {Name: "숨긴.jpg"},
	} {
		i.Hash = fmt.Sprint(n)
		kept, _ := o.put(t, i)
		if i.Name == "숨긴.jpg" {
			must(t, o.HideImages(t.Context(), []int64{kept.ID}, o.now))
		}
	}
	for _, test := range []struct {
		filter models.ImageFilter
		want   []string
	}{
		{models.ImageFilter{}, []string{"500할인.png", "Sale.JPG", "50%_할인.png", "오래된.jpg"}},
		{models.ImageFilter{Name: "sale"}, []string{"Sale.JPG"}},
		{models.ImageFilter{Name: "0%_"}, []string{"50%_할인.png"}},
		{models.ImageFilter{Name: "\u1112\u1161\u11af\u110b\u1175\u11ab"}, []string{"500할인.png", "50%_할인.png"}}, // 할인 in parts
		{models.ImageFilter{Shape: models.ImagesWide}, []string{"50%_할인.png"}},
		{models.ImageFilter{Shape: models.ImagesNormal, Name: "할인"}, []string{"500할인.png"}},
		{models.ImageFilter{Name: "!"}, nil},
	} {
		for _, size := range []int{1, 2, 100} {
			if diff := cmp.Diff(test.want, o.library(t, test.filter, size)); diff != "" {
				t.Errorf("%+v by %d: %s", test.filter, size, diff)
			}
		}
		if n, err := o.CountImages(t.Context(), o.team.ID, test.filter); n != len(test.want) || err != nil {
			t.Errorf("%+v counts %d, %v", test.filter, n, err)
		}
	}
}

func TestWhoUsesAnImage(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	i, _ := o.put(t, models.Image{Name: "a"})
	other, _ := o.put(t, models.Image{Name: "b"})
	for n, state := range models.CampaignStates() {
		c := models.Campaign{TeamID: o.team.ID, AppkeyID: o.appkey.ID, Channel: models.FriendTalk, ULID: fmt.Sprint(n), Name: string(state), State: state}
		must(t, o.CreateCampaign(t.Context(), &c), o.UseImage(t.Context(), models.PlaceCampaign, c.ID, other.ID))
		for range 2 { // a save more changes nothing
			must(t, o.UseImage(t.Context(), models.PlaceCampaign, c.ID, i.ID))
		}
	}
	for n, archived := range []any{nil, o.now} {
		_, err := o.SQL().ExecContext(t.Context(), fmt.Sprintf(`INSERT INTO templates (id, team_id, appkey_id, channel, sender_id, name, code, tags, search, content,
			version, state, kakao_status, problem, archived_at, created_by, updated_by, created_at, updated_at)
			VALUES (%d, %d, %d, 'friendtalk', 0, 'template %d', '', '[]', '', '{}', 1, 'draft', '', '', %s, 0, 0, %s, %s)`,
			n+1, o.team.ID, o.appkey.ID, n, sqlTime(archived), sqlTime(o.now), sqlTime(o.now)))
		must(t, err, o.UseImage(t.Context(), models.PlaceTemplate, int64(n+1), i.ID))
	}
	uses, err := o.ImageUses(t.Context(), []int64{i.ID, other.ID}, 100)
	must(t, err)
	var names []string
	for _, u := range models.ActiveUses(uses) {
		names = append(names, u.Name)
	}
	if diff := cmp.Diff([]string{"template 0", "cancelling", "held", "paused", "sending", "scheduled", "planning", "approved", "waiting", "draft"}, names); diff != "" {
		t.Error(diff)
	}
	counts, err := o.CountImageUses(t.Context(), []int64{i.ID, other.ID})
	if diff := cmp.Diff(map[int64]models.UseCount{i.ID: {All: 13, Active: 10}}, counts); diff != "" || err != nil {
		t.Error(diff, err)
	}
	must(t, o.UseImage(t.Context(), models.PlaceTemplate, 1, 0))
	if counts, err = o.CountImageUses(t.Context(), []int64{i.ID}); err != nil || counts[i.ID] != (models.UseCount{All: 12, Active: 9}) {
		t.Errorf("%v, %v", counts, err)
	}
}

func sqlTime(v any) string {
	if v == nil {
		return "NULL"
	}
	return "'" + v.(time.Time).Format("2006-01-02 15:04:05+00:00") + "'"
}

func TestAWithdrawnImageStaysWhereItIsNeeded(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	gone, put := o.put(t, models.Image{Name: "gone"})
	must(t, o.WithdrawImage(t.Context(), gone.ID, put, o.now))
	if _, err := o.Image(t.Context(), o.team.ID, gone.ID); models.KindOf(err) != models.NotFound {
		t.Errorf("new, and not needed: %v", err)
	}
	used, put := o.put(t, models.Image{Name: "used"})
	must(t, o.UseImage(t.Context(), models.PlaceTemplate, 1, used.ID), o.WithdrawImage(t.Context(), used.ID, put, o.now))
	copied, put := o.put(t, models.Image{Name: "copied"})
	must(t, o.SaveUpload(t.Context(), models.ImageUpload{AppkeyID: o.appkey.ID, Seq: 1, ImageID: copied.ID}), o.WithdrawImage(t.Context(), copied.ID, put, o.now))
	known, _ := o.put(t, models.Image{Name: "known"})
	must(t, o.WithdrawImage(t.Context(), known.ID, models.ImageKnown, o.now))
	back, _ := o.put(t, models.Image{Name: "back"})
	must(t, o.WithdrawImage(t.Context(), back.ID, models.ImageBack, o.now))
	if diff := cmp.Diff([]string{"known", "copied", "used"}, o.library(t, models.ImageFilter{}, 10)); diff != "" {
		t.Error(diff)
	}
}

// upload is a copy that the office's provider holds since the time.
func (o *office) upload(seq int, imageID int64, at time.Time) models.ImageUpload {
	return models.ImageUpload{AppkeyID: o.appkey.ID, Seq: seq, ImageID: imageID, Name: fmt.Sprint(seq), CreatedAt: at, CheckedAt: at}
}

func TestUploadsFollowWhatTheProviderLists(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ctx := t.Context()
	i, _ := o.put(t, models.Image{Name: "a"})
	must(t, o.SaveUpload(ctx, o.upload(1, i.ID, o.now)), o.SaveUpload(ctx, o.upload(2, i.ID, o.now)))
	if u, found, err := o.ImageUpload(ctx, o.appkey.ID, i.ID); err != nil || !found || u.Seq != 2 {
		t.Errorf("the newest is %+v %v %v", u, found, err)
	}
	began := o.now.Add(time.Hour)
	must(t, o.SaveListed(ctx, []models.ImageUpload{o.upload(1, 0, began), o.upload(3, 0, began)}))
	unlisted, err := o.UnlistedUploads(ctx, o.appkey.ID, began, 5)
	if err != nil || len(unlisted) != 1 || unlisted[0].Seq != 2 {
		t.Errorf("not listed: %+v %v", unlisted, err)
	}
	must(t, o.LoseUploads(ctx, o.appkey.ID, []int{2}, began.Add(time.Minute)))
	if u, found, err := o.ImageUpload(ctx, o.appkey.ID, i.ID); err != nil || !found || u.Seq != 1 {
		t.Errorf("the newest that is left is %+v %v %v", u, found, err)
	}
	// What was listed before the loss says nothing about it; what is listed later does.
	must(t, o.SaveListed(ctx, []models.ImageUpload{o.upload(2, 0, began)}))
	if u, _, err := o.ImageUpload(ctx, o.appkey.ID, i.ID); err != nil || u.Seq != 1 {
		t.Errorf("brought back by an older listing: %+v %v", u, err)
	}
	must(t, o.SaveListed(ctx, []models.ImageUpload{o.upload(2, 0, began.Add(time.Hour))}))
	if u, _, err := o.ImageUpload(ctx, o.appkey.ID, i.ID); err != nil || u.Seq != 2 {
		t.Errorf("listed again: %+v %v", u, err)
	}
	here, err := o.UploadedImages(ctx, o.appkey.ID, []int64{i.ID})
	if err != nil || !here[i.ID] {
		t.Error(here, err)
	}

	todo, err := o.UploadsToFetch(ctx, o.appkey.ID, false)
	if err != nil || len(todo) != 1 || todo[0].Seq != 3 {
		t.Fatalf("to fetch: %+v %v", todo, err)
	}
	must(t, o.UnkeptUpload(ctx, todo[0], models.T("image.fetch.status", "Status", "404")))
	if todo, err = o.UploadsToFetch(ctx, o.appkey.ID, false); err != nil || len(todo) != 0 {
		t.Errorf("a failure is tried again by itself: %+v %v", todo, err)
	}
	todo, err = o.UploadsToFetch(ctx, o.appkey.ID, true)
	if err != nil || len(todo) != 1 || todo[0].Why().Key != "image.fetch.status" {
		t.Fatalf("again: %+v %v", todo, err)
	}
	must(t, o.HideImages(ctx, []int64{i.ID}, o.now), o.KeptUpload(ctx, todo[0], i.ID))
	back, err := o.ShowUploadedImages(ctx, o.appkey.ID, began)
	if err != nil || len(back) != 1 || !slices.Equal(o.library(t, models.ImageFilter{}, 10), []string{"a"}) {
		t.Errorf("back: %+v %v", back, err)
	}
	all, err := o.ImageUploads(ctx, i.ID)
	if err != nil || len(all) != 3 || all[0].Seq != 3 || all[0].Problem != "" {
		t.Errorf("copies: %+v %v", all, err)
	}
}

func TestAListingIsOneJobs(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ctx, k, quiet := t.Context(), o.appkey.ID, o.now.Add(-time.Minute)
	due, err := o.AppkeysToList(ctx, o.now, 5)
	if err != nil || len(due) != 1 {
		t.Errorf("due: %v %v", due, err)
	}
	for n, want := range []bool{true, false} {
		if started, err := o.StartListing(ctx, k, 7, o.now, quiet); started != want || err != nil {
			t.Errorf("start %d: %v %v", n, started, err)
		}
	}
	for claim, want := range map[string]bool{"a": true} {
		if claimed, err := o.ClaimTask(ctx, models.ImageListings(), k, claim, o.now, quiet); claimed != want || err != nil {
			t.Errorf("claim %s: %v %v", claim, claimed, err)
		}
	}
	if claimed, err := o.ClaimTask(ctx, models.ImageListings(), k, "b", o.now, quiet); claimed || err != nil {
		t.Errorf("claimed twice: %v %v", claimed, err)
	}
	l, err := o.ImageListing(ctx, k)
	must(t, err)
	l.ReadCount, l.Total, l.WorkedAt = 3, 9, o.now.Add(time.Second)
	if ours, err := o.SaveListing(ctx, l); !ours || err != nil {
		t.Errorf("saved: %v %v", ours, err)
	}
	stalled, err := o.StalledTasks(ctx, models.ImageListings(), o.now.Add(time.Minute))
	if err != nil || len(stalled) != 1 || stalled[0].ID != k || stalled[0].Claim != "a" || !stalled[0].WorkedAt.Equal(l.WorkedAt) {
		t.Fatalf("stalled: %+v %v", stalled, err)
	}
	for n, want := range []bool{true, false} {
		if released, err := o.ReleaseTask(ctx, models.ImageListings(), stalled[0], o.now.Add(time.Minute)); released != want || err != nil {
			t.Errorf("release %d: %v %v", n, released, err)
		}
	}
	if claimed, err := o.ClaimTask(ctx, models.ImageListings(), k, "b", o.now, quiet); !claimed || err != nil {
		t.Errorf("claimed by another: %v %v", claimed, err)
	}
	if ours, err := o.SaveListing(ctx, l); ours || err != nil {
		t.Errorf("saved by the first: %v %v", ours, err)
	}
	l.Claim = "b"
	must(t, l.Fail(models.T("provider.silent")))
	if ours, err := o.SaveListing(ctx, l); !ours || err != nil {
		t.Errorf("ended: %v %v", ours, err)
	}
	if l, err = o.ImageListing(ctx, k); err != nil || l.State != models.RefreshFailed || l.Why().Key != "provider.silent" {
		t.Errorf("ended as %+v %v", l, err)
	}
}

func TestWithoutASenderNothingCanBeUploaded(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	lacks := func() bool {
		lacks, err := o.LacksSender(t.Context(), o.appkey.ID)
		must(t, err)
		return lacks
	}
	if lacks() {
		t.Error("nothing is known yet")
	}
	must(t, o.NoteRefresh(t.Context(), models.SenderRefresh{AppkeyID: o.appkey.ID, StartedAt: o.now, WorkedAt: o.now, EndedAt: &o.now, SucceededAt: &o.now}))
	waiting := o.sender("@기다림")
	waiting.Status = kakao.SenderWaiting
	o.save(t, waiting)
	if !lacks() {
		t.Error("none is registered")
	}
	o.save(t, o.sender("@봄봄상점"))
	if lacks() {
		t.Error("one is registered")
	}
}
