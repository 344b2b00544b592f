package actions_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"soshik/internal/actions"
	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

// shaded is an image that differs from others by its shade.
func shaded(t *testing.T, shade uint8) []byte {
	t.Helper()
	im := image.NewPaletted(image.Rect(0, 0, 600, 400), color.Palette{color.Gray{shade}, color.White})
	var b bytes.Buffer
	must(t, png.Encode(&b, im))
	return b.Bytes()
}

func (b *bench) uploads(t *testing.T, name string, shade uint8) actions.UploadedImage {
	t.Helper()
	up, err := b.UploadImage(t.Context(), b.admin, b.appkey, name, shaded(t, shade), false)
	must(t, err)
	return up
}

// atProvider are the images that the simulator lists, as "seq name", the newest first.
func (b *bench) atProvider(t *testing.T) []string {
	t.Helper()
	got := []string{}
	for seq := 1; seq <= 40; seq++ {
		if b.ask(t, http.MethodGet, "/images?pageSize=1000", fmt.Sprintf(`"imageSeq":%d,`, seq)) {
			got = append(got, fmt.Sprint(seq))
		}
	}
	return got
}

// ask makes a call of the FriendTalk API as somebody else does, and reports whether the
// answer holds a text.
func (b *bench) ask(t *testing.T, method, path, text string) bool {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, b.appkey.BaseURL+"/friendtalk/v1.5/appkeys/"+testAppkey+path, nil)
	must(t, err)
	req.Header.Set(kakao.HeaderSecretKey, testSecret)
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	var body bytes.Buffer
	_, err = body.ReadFrom(resp.Body)
	must(t, err, resp.Body.Close())
	return strings.Contains(body.String(), text)
}

// library are the names of the team's images, the newest first.
func (b *bench) library(t *testing.T) []string {
	t.Helper()
	is, err := b.DB.Images(t.Context(), b.team.ID, models.ImageFilter{}, 100)
	must(t, err)
	var names []string
	for _, i := range is {
		names = append(names, i.Name)
	}
	return names
}

// audited are the actions of the audit log that begin with "image.", the oldest first,
// each with its outcome if that is not ok.
func (b *bench) audited(t *testing.T) []string {
	t.Helper()
	logs, err := b.DB.AuditLogs(t.Context(), b.team.ID, 0, 1000)
	must(t, err)
	var found []string
	for _, l := range slices.Backward(logs) {
		if !strings.HasPrefix(l.Action, "image.") {
			continue
		}
		if l.Outcome != models.OutcomeOK {
			l.Action += " " + string(l.Outcome)
		}
		found = append(found, l.Action)
	}
	return found
}

func (b *bench) lists(t *testing.T) models.ImageListing {
	t.Helper()
	must(t, b.AskListing(t.Context(), b.admin, b.appkey), b.RunListing(t.Context(), b.appkey.ID))
	l, err := b.DB.ImageListing(t.Context(), b.appkey.ID)
	must(t, err)
	return l
}

// another is a second appkey of the team.
func (b *bench) another(t *testing.T) models.Appkey {
	t.Helper()
	must(t, b.sim.AddAppkey("anotherappkey", testSecret))
	_, err := b.sim.AddSender("anotherappkey", nhnsim.Sender{PlusFriendID: "@둘째", Registered: true})
	must(t, err)
	k := b.appkey
	k.ID, k.Name, k.Appkey = 0, "둘째 앱키", "anotherappkey"
	must(t, b.DB.CreateAppkey(t.Context(), &k))
	return k
}

func TestOnlyThoseWhoMayChangeImages(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	for _, role := range models.Roles() {
		by := models.Actor{User: models.User{ID: 99}, Role: role}
		_, uploadErr := b.UploadImage(t.Context(), by, b.appkey, "a.png", nil, false)
		_, deleteErr := b.DeleteImages(t.Context(), by, b.appkey, actions.DeleteImages{})
		for what, err := range map[string]error{
			"upload": uploadErr, "delete": deleteErr,
			"upload a copy": b.UploadCopy(t.Context(), by, b.appkey, models.Image{}), "refresh": b.AskListing(t.Context(), by, b.appkey),
		} {
			if forbidden := models.KindOf(err) == models.Forbidden; forbidden == role.Allows(models.ManageCampaigns) {
				t.Errorf("a %s may %s: %v", role, what, err)
			}
		}
	}
}

func TestAnImageIsKeptAndUploaded(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	first := b.uploads(t, "C:\\사진\\봄.jpg", 1) // a PNG, whatever its name says
	if first.Name != "봄.png" || first.Seq != 1 || first.Known || first.Width != 600 || first.CreatedBy != b.admin.User.ID {
		t.Errorf("uploaded as %+v", first)
	}
	again := b.uploads(t, "다른 이름.png", 1)
	if again.ID != first.ID || again.Seq != 1 || !again.Known {
		t.Errorf("uploaded again as %+v", again)
	}
	file, err := b.DB.ImageFile(t.Context(), b.team.ID, first.ID)
	must(t, err)
	if !bytes.Equal(file.Original, shaded(t, 1)) || len(file.Thumbnail) == 0 {
		t.Error("the bytes are not kept")
	}
	if diff := cmp.Diff([]string{"1"}, b.atProvider(t)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"image.add", "image.upload"}, b.audited(t)); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsNoImageIsRefusedBeforeAnybodyIsAsked(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	whole := shaded(t, 1)
	for name, file := range map[string][]byte{
		"a text named .png": []byte("안녕하세요"), "too large": make([]byte, 20<<20), "broken off": whole[:len(whole)-20], "empty": nil,
	} {
		_, err := b.UploadImage(t.Context(), b.admin, b.appkey, "a.png", file, false)
		if models.KindOf(err) != models.Invalid || models.FieldText(err, "image").Key == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(b.library(t)) != 0 || len(b.audited(t)) != 0 {
		t.Errorf("kept %q, recorded %q", b.library(t), b.audited(t))
	}
}

func TestWithoutASenderTheLibrarySaysToRegisterOne(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	must(t, b.sim.AddAppkey("bareappkey", testSecret))
	k := b.appkey
	k.ID, k.Appkey, k.Name = 0, "bareappkey", "빈 앱키"
	must(t, b.DB.CreateAppkey(t.Context(), &k))
	calls := 0
	b.sim.SetFaults(nhnsim.Faults{Hook: func(r *http.Request) *nhnsim.Answer {
		if r.Method == http.MethodPost {
			calls++
		}
		return nil
	}})
	// Nobody knows about its senders yet, so the provider says it.
	up, err := b.UploadImage(t.Context(), b.admin, k, "a.png", shaded(t, 1), false)
	if models.TextOf(err).Key != actions.NoSender || up.ID == 0 || calls != 1 {
		t.Errorf("the provider: %v, %d calls", err, calls)
	}
	_, err = b.RefreshSenders(t.Context(), b.admin, k)
	must(t, err)
	_, err = b.UploadImage(t.Context(), b.admin, k, "a.png", shaded(t, 2), false)
	if models.TextOf(err).Key != actions.NoSender || calls != 1 {
		t.Errorf("by what is known: %v, %d calls", err, calls)
	}
	if err := b.UploadCopy(t.Context(), b.admin, k, up.Image); models.TextOf(err).Key != actions.NoSender || calls != 1 {
		t.Errorf("a copy: %v, %d calls", err, calls)
	}
	_, err = b.EnsureUploaded(t.Context(), b.appkey, up.ID) // with the appkey that has one
	must(t, err)
}

func TestUploadsThatFail(t *testing.T) {
	t.Parallel()
	const op = "upload image"
	for name, test := range map[string]struct {
		fault nhnsim.Fault
		want  string // what is told
		kept  bool   // the image is in the library all the same
		after []string
	}{
		"too many calls":             {nhnsim.Fault{Kind: nhnsim.FaultTooMany, Endpoint: op}, "provider.busy", true, []string{"image.add", "image.upload failed"}},
		"a broken image":             {nhnsim.Fault{Kind: nhnsim.FaultCodeBefore, Code: kakao.CodeImageBroken, Endpoint: op}, "api.-8001", false, nil},
		"too large":                  {nhnsim.Fault{Kind: nhnsim.FaultCodeBefore, Code: kakao.CodeImageSize, Endpoint: op}, "api.-4007", false, nil},
		"of another type":            {nhnsim.Fault{Kind: nhnsim.FaultCodeBefore, Code: kakao.CodeImageType, Endpoint: op}, "api.-4009", false, nil},
		"the provider's own fault":   {nhnsim.Fault{Kind: nhnsim.FaultCodeBefore, Code: -8010, Endpoint: op}, "api.-8010", true, nil},
		"an outage":                  {nhnsim.Fault{Kind: nhnsim.FaultErrorBefore, Endpoint: op}, "image.in_doubt", true, nil},
		"no answer":                  {nhnsim.Fault{Kind: nhnsim.FaultTimeoutBefore, Endpoint: op}, "image.in_doubt", true, nil},
		"a wrong secret key":         {nhnsim.Fault{Kind: nhnsim.FaultCodeBefore, Code: kakao.CodeSecretKey, Endpoint: op}, "api.-1001", true, nil},
		"an answer without a number": {nhnsim.Fault{Kind: nhnsim.FaultEmpty, Endpoint: op}, "image.in_doubt", true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			timeout := time.Minute // which only an answer that does not come takes
			if test.fault.Kind == nhnsim.FaultTimeoutBefore {
				timeout = 3 * time.Second
			}
			b := newBench(t, timeout)
			b.sim.SetFaults(nhnsim.Faults{Rules: []nhnsim.Fault{test.fault}})
			up, err := b.UploadImage(t.Context(), b.admin, b.appkey, "봄.png", shaded(t, 1), false)
			if models.TextOf(err).Key != test.want || (up.ID != 0) != test.kept || len(b.library(t)) == 1 != test.kept {
				t.Errorf("told %v; kept %+v, %q", err, up, b.library(t))
			}
			if test.after != nil {
				if diff := cmp.Diff(test.after, b.audited(t)); diff != "" {
					t.Error(diff)
				}
			}
			b.sim.SetFaults(nhnsim.Faults{})
			if again := b.uploads(t, "봄.png", 1); again.Known || again.Seq == 0 {
				t.Errorf("later: %+v", again)
			}
		})
	}
}

// What has arrived though its answer was lost is recognised by its bytes.
func TestAnUploadWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	b.sim.SetFaults(nhnsim.Faults{Rules: []nhnsim.Fault{{Kind: nhnsim.FaultDropAfter, Endpoint: "upload image"}}})
	up, err := b.UploadImage(t.Context(), b.admin, b.appkey, "봄.png", shaded(t, 1), false)
	if models.TextOf(err).Key != "image.in_doubt" || up.Seq != 0 {
		t.Fatalf("told %v", err)
	}
	b.sim.SetFaults(nhnsim.Faults{})
	if n := b.number(t, "SELECT COUNT(*) FROM river_job WHERE kind = 'list_images'"); n != 1 {
		t.Errorf("%d listings are asked for", n)
	}
	must(t, b.RunListing(t.Context(), b.appkey.ID))
	copied, found, err := b.DB.ImageUpload(t.Context(), b.appkey.ID, up.ID)
	if err != nil || !found || copied.Seq != 1 || !slices.Equal(b.library(t), []string{"봄.png"}) {
		t.Errorf("found %+v %v %v, the library is %q", copied, found, err, b.library(t))
	}
	if seq, err := b.EnsureUploaded(t.Context(), b.appkey, up.ID); seq != 1 || err != nil {
		t.Errorf("used as %d, %v", seq, err)
	}
	if diff := cmp.Diff([]string{"1"}, b.atProvider(t)); diff != "" {
		t.Error(diff)
	}
}

func TestAnImageIsUploadedUnderAnotherAppkeyOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	up, k := b.uploads(t, "봄.png", 1), b.another(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if seq, err := b.EnsureUploaded(t.Context(), k, up.ID); seq != 1 || err != nil {
				t.Errorf("used as %d, %v", seq, err)
			}
		})
	}
	all.Wait()
	copies, err := b.DB.ImageUploads(t.Context(), up.ID)
	if err != nil || len(copies) != 2 || copies[1].AppkeyID != k.ID {
		t.Errorf("copies: %+v, %v", copies, err)
	}
	stranger := models.Team{Name: "다른 팀", CreatedAt: b.Now()}
	must(t, b.DB.CreateTeam(t.Context(), &stranger))
	k.TeamID = stranger.ID
	if _, err := b.EnsureUploaded(t.Context(), k, up.ID); models.KindOf(err) != models.NotFound {
		t.Errorf("another team: %v", err)
	}
}

func TestImagesThatWereChangedElsewhere(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	up := b.uploads(t, "봄.png", 1)
	_, err := b.sim.AddImage(testAppkey, "콘솔에서.jpg", true)
	must(t, err)
	b.ask(t, http.MethodDelete, "/images?imageSeq=1", "")
	l := b.lists(t)
	if l.State != models.RefreshDone || l.ReadCount != 1 || l.Total != 1 || l.Fetched != 1 || l.Missing != 1 || l.SucceededAt == nil {
		t.Errorf("listed as %+v", l)
	}
	if diff := cmp.Diff([]string{"콘솔에서.jpg", "봄.png"}, b.library(t)); diff != "" {
		t.Error(diff)
	}
	is, err := b.DB.Images(t.Context(), b.team.ID, models.ImageFilter{Shape: models.ImagesWide}, 10)
	if err != nil || len(is) != 1 || is[0].CreatedBy != 0 || is[0].Width != 800 || is[0].Height != 600 {
		t.Errorf("fetched as %+v, %v", is, err)
	}
	if _, found, err := b.DB.ImageUpload(t.Context(), b.appkey.ID, up.ID); found || err != nil {
		t.Errorf("what is gone is there: %v", err)
	}
	if diff := cmp.Diff([]string{"image.add", "image.upload", "image.refresh", "image.gone", "image.fetch"}, b.audited(t)); diff != "" {
		t.Error(diff)
	}
	if seq, err := b.EnsureUploaded(t.Context(), b.appkey, up.ID); seq != 3 || err != nil {
		t.Errorf("used as %d, %v", seq, err)
	}
	before := b.audited(t)
	if l = b.lists(t); l.ReadCount != 2 || l.Missing != 0 {
		t.Errorf("listed again as %+v", l)
	}
	if got := b.audited(t)[len(before):]; !slices.Equal(got, []string{"image.refresh"}) {
		t.Errorf("nothing has changed, but for %q", got)
	}
}

// listsAlso has the simulator list images at addresses of the test's.
func (b *bench) listsAlso(addresses ...string) {
	var images []string
	for n, address := range addresses {
		images = append(images, fmt.Sprintf(`{"imageSeq":%d,"imageUrl":%q,"imageName":"%d.png","wide":false,"createDate":"2026-11-20 10:00:00"}`, n+1, address, n+1))
	}
	body := fmt.Sprintf(`{"header":{"resultCode":0,"resultMessage":"success","isSuccessful":true},"imagesResponse":{"images":[%s],"totalCount":%d}}`,
		strings.Join(images, ","), len(images))
	b.sim.SetFaults(nhnsim.Faults{Hook: func(r *http.Request) *nhnsim.Answer {
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/images") {
			return &nhnsim.Answer{Body: body}
		}
		return nil
	}})
}

func TestImagesElsewhereThatCannotBeHad(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	whole, fetched := shaded(t, 1), 0
	files := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/text":
			_, _ = w.Write([]byte("안녕하세요"))
		case "/large":
			for range 6 {
				_, _ = w.Write(make([]byte, 1<<20))
			}
		case "/elsewhere":
			http.Redirect(w, r, "http://localhost/a.png", http.StatusFound)
		case "/around":
			http.Redirect(w, r, "/whole", http.StatusFound)
		case "/short":
			w.Header().Set("Content-Length", fmt.Sprint(len(whole)))
			_, _ = w.Write(whole[:10])
		case "/whole":
			fetched++
			_, _ = w.Write(whole)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(files.Close)
	at := files.URL
	b.listsAlso(at+"/missing", at+"/text", at+"/large", at+"/elsewhere", at+"/around", at+"/short", "file:///etc/passwd", "", "http://127.0.0.2/a.png", "http://169.254.169.254/a.png")
	l := b.lists(t)
	if l.State != models.RefreshDone || l.Fetched != 10 || fetched != 1 {
		t.Errorf("listed as %+v", l)
	}
	unkept, err := b.DB.UnkeptUploads(t.Context(), b.appkey.ID, 100)
	must(t, err)
	var why []string
	for _, u := range slices.Backward(unkept) {
		why = append(why, u.Name+" "+u.Why().Key)
	}
	want := []string{
		"1.png image.fetch.status", "2.png image.no_image", "3.png image.too_large", "4.png image.fetch.status", "6.png image.fetch.unreachable",
		"7.png image.fetch.address", "8.png image.fetch.address", "9.png image.fetch.unreachable", "10.png image.fetch.unreachable",
	}
	if diff := cmp.Diff(want, why); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"5.png"}, b.library(t)); diff != "" {
		t.Error(diff)
	}
	// The program does not try again by itself; a person's wish does.
	must(t, b.AskListing(t.Context(), models.Actor{}, b.appkey), b.RunListing(t.Context(), b.appkey.ID))
	if l, err = b.DB.ImageListing(t.Context(), b.appkey.ID); err != nil || l.Missing != 0 {
		t.Errorf("by itself: %+v, %v", l, err)
	}
	if l = b.lists(t); l.Missing != 9 {
		t.Errorf("by a person: %+v", l)
	}
}

func TestAListingThatFailsLeavesWhatIsKnown(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	up := b.uploads(t, "봄.png", 1)
	done := b.lists(t)
	b.sim.SetFaults(nhnsim.Faults{Rules: []nhnsim.Fault{{Kind: nhnsim.FaultCodeBefore, Code: kakao.CodeSecretKey, Endpoint: "images"}}})
	l := b.lists(t)
	if l.State != models.RefreshFailed || l.Why().Key != "api.-1001" || !l.SucceededAt.Equal(*done.SucceededAt) {
		t.Errorf("ended as %+v", l)
	}
	// A list that holds less than it counts says nothing about what is missing in it.
	b.sim.SetFaults(nhnsim.Faults{Hook: func(*http.Request) *nhnsim.Answer {
		return &nhnsim.Answer{Body: `{"header":{"resultCode":0,"resultMessage":"success","isSuccessful":true},"imagesResponse":{"images":[],"totalCount":4}}`}
	}})
	if l = b.lists(t); l.State != models.RefreshDone {
		t.Errorf("ended as %+v", l)
	}
	if _, found, err := b.DB.ImageUpload(t.Context(), b.appkey.ID, up.ID); !found || err != nil {
		t.Errorf("it is gone: %v", err)
	}
}

func TestAListingThatStallsIsTakenUp(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	b.uploads(t, "봄.png", 1)
	long := b.Now().Add(-time.Minute).UTC()
	b.sim.SetFaults(nhnsim.Faults{Hook: func(*http.Request) *nhnsim.Answer {
		b.sim.SetFaults(nhnsim.Faults{})
		b.exec(t, "UPDATE image_listings SET worked_at = '"+long.Format(time.DateTime)+"+00:00'")
		must(t, b.Sweep(t.Context()), b.Sweep(t.Context())) // of other processes
		return nil
	}})
	must(t, b.AskListing(t.Context(), b.admin, b.appkey), b.RunListing(t.Context(), b.appkey.ID))
	l, err := b.DB.ImageListing(t.Context(), b.appkey.ID)
	if err != nil || l.State != models.RefreshRunning || l.Claim != "" || b.number(t, "SELECT COUNT(*) FROM river_job WHERE kind = 'list_images'") != 2 {
		t.Fatalf("the first goes on: %+v, %v", l, err)
	}
	must(t, b.RunListing(t.Context(), b.appkey.ID), b.RunListing(t.Context(), b.appkey.ID))
	if l, err = b.DB.ImageListing(t.Context(), b.appkey.ID); err != nil || l.State != models.RefreshDone || l.ReadCount != 1 {
		t.Errorf("ended as %+v, %v", l, err)
	}
}

func TestImagesAreListedByThemselvesOnceADay(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	must(t, b.Sweep(t.Context()))
	if l, err := b.DB.ImageListing(t.Context(), b.appkey.ID); err != nil || l.AppkeyID != 0 {
		t.Errorf("listed though nothing is to be read by itself: %+v, %v", l, err)
	}
	b.Sweeping.SendersEvery = time.Hour
	must(t, b.Sweep(t.Context()), b.RunListing(t.Context(), b.appkey.ID))
	first, err := b.DB.ImageListing(t.Context(), b.appkey.ID)
	if err != nil || first.State != models.RefreshDone || first.AskedBy != 0 {
		t.Fatalf("listed as %+v, %v", first, err)
	}
	must(t, b.Sweep(t.Context()))
	now := b.Now
	b.Now = func() time.Time { return now().Add(25 * time.Hour) }
	if l, err := b.DB.ImageListing(t.Context(), b.appkey.ID); err != nil || !l.StartedAt.Equal(first.StartedAt) {
		t.Errorf("listed again within the day: %+v, %v", l, err)
	}
	must(t, b.Sweep(t.Context()))
	if l, err := b.DB.ImageListing(t.Context(), b.appkey.ID); err != nil || l.State != models.RefreshRunning {
		t.Errorf("a day later: %+v, %v", l, err)
	}
}
