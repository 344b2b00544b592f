package web_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
	"soshik/web"
)

// imageFile is a file of a form.
type imageFile struct {
	name  string
	bytes []byte
}

// drawn is an image that differs from others by its shade.
func drawn(t *testing.T, shade uint8) []byte {
	t.Helper()
	var b bytes.Buffer
	check(t, png.Encode(&b, image.NewPaletted(image.Rect(0, 0, 600, 400), color.Palette{color.Gray{shade}, color.White})))
	return b.Bytes()
}

// newImageSite is a site with an appkey that has a registered sender.
func newImageSite(t *testing.T, changes ...func(*web.Config)) (*site, *nhnsim.Sim, models.Appkey) {
	t.Helper()
	s, sim, k := newAppkeySite(t, changes...)
	add(t, sim, nhnsim.Sender{PlusFriendID: "@봄봄상점", Registered: true})
	_, err := s.Actions.RefreshSenders(t.Context(), models.Actor{}, k)
	check(t, err)
	return s, sim, k
}

// imageForm is the form that uploads images.
func imageForm(t *testing.T, wide string, files ...imageFile) (body *bytes.Buffer, contentType string) {
	t.Helper()
	body = &bytes.Buffer{}
	form := multipart.NewWriter(body)
	check(t, form.WriteField("wide", wide))
	for _, f := range files {
		part, err := form.CreateFormFile("image", f.name)
		check(t, err)
		_, err = part.Write(f.bytes)
		check(t, err)
	}
	check(t, form.Close())
	return body, form.FormDataContentType()
}

func (s *site) uploadImages(t *testing.T, wide string, files ...imageFile) answer {
	t.Helper()
	body, contentType := imageForm(t, wide, files...)
	return s.sendImages(t, body, contentType, false)
}

func (s *site) sendImages(t *testing.T, body io.Reader, contentType string, part bool) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/appkeys/1/images", body)
	check(t, err)
	req.Header.Set("Content-Type", contentType)
	if part {
		req.Header.Set("HX-Request", "true")
		req.Header.Set("HX-Request-Type", "partial")
	}
	return s.do(t, req)
}

func TestImagesAreUploadedBySeveral(t *testing.T) {
	t.Parallel()
	s, _, _ := newImageSite(t)
	s.get(t, "/appkeys/1/images").says(t, http.StatusOK, "아직 이미지가 없습니다", `enctype="multipart/form-data"`, "multiple", "5MB")
	got := s.uploadImages(t, "", imageFile{"봄.png", drawn(t, 1)}, imageFile{"<b>굵게.png", drawn(t, 2)})
	got.says(t, http.StatusOK, "이미지 2장을 올렸습니다.", "이미지 2장", "봄.png", "<b>굵게.png", "600×400", `src="/appkeys/1/images/1/thumbnail"`)
	if strings.Contains(got.body, "<b>굵게") {
		t.Error("a name is taken for HTML")
	}
	if got.path != "/appkeys/1/images" {
		t.Errorf("led to %s", got.path)
	}
	s.uploadImages(t, "1", imageFile{"와이드.png", drawn(t, 1)}).says(t, http.StatusOK, "이미지 3장", "와이드.png")
	s.get(t, "/appkeys/1/images?kind=wide").says(t, http.StatusOK, "이미지 1장", "와이드.png")
	s.get(t, "/appkeys/1/images?q=%EB%B4%84").says(t, http.StatusOK, "이미지 1장", "봄.png")
	s.get(t, "/appkeys/1/images?q=zzz").says(t, http.StatusOK, "조건에 맞는 이미지가 없습니다")
	s.get(t, "/appkeys/1/images?kind=zzz&after=zzz").says(t, http.StatusOK, "이미지 3장")
	s.get(t, "/appkeys/1/images/3").says(t, http.StatusOK, "와이드.png", "와이드", "PNG", "김지우", "아직 쓰는 템플릿이나 캠페인이 없습니다", "번호 3", "쓸 수 있음")
	s.get(t, "/appkeys/1/images/99").says(t, http.StatusNotFound)
	s.get(t, "/appkeys/1/images/x").says(t, http.StatusNotFound)
}

func TestAFormOfImagesThatAreNone(t *testing.T) {
	t.Parallel()
	s, _, _ := newImageSite(t)
	got := s.uploadImages(t, "1", imageFile{"좋은.png", drawn(t, 1)}, imageFile{"메모.png", []byte("안녕하세요")}, imageFile{"움직이는.gif", []byte("GIF89a")})
	got.says(t, http.StatusUnprocessableEntity, "올리지 못한 이미지가 있습니다", "올렸습니다.", "메모.png", "이미지 파일이 아닙니다", "GIF 파일은 쓸 수 없습니다", "이미지 1장")
	if !strings.Contains(strings.Join(strings.Fields(got.body), " "), `value="1" checked`) {
		t.Error("what was chosen does not come back")
	}
	for name, test := range map[string]struct {
		body, contentType string
	}{
		"no form":       {"image=1", "application/x-www-form-urlencoded"},
		"an empty form": {"--x--\r\n", "multipart/form-data; boundary=x"},
		"no file":       {"--x\r\nContent-Disposition: form-data; name=\"image\"; filename=\"\"\r\n\r\n\r\n--x--\r\n", "multipart/form-data; boundary=x"},
		"no boundary":   {"--x--\r\n", "multipart/form-data"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.sendImages(t, strings.NewReader(test.body), test.contentType, false).says(t, http.StatusUnprocessableEntity, "올릴 이미지를 골라 주세요.")
			s.sendImages(t, strings.NewReader(test.body), test.contentType, true).says(t, http.StatusUnprocessableEntity, "올릴 이미지를 골라 주세요.")
		})
	}
	broken := "--x\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.png\"\r\n\r\n\x89PNG"
	s.sendImages(t, strings.NewReader(broken), "multipart/form-data; boundary=x", false).says(t, http.StatusUnprocessableEntity, "파일을 끝까지 받지 못했습니다")
	files := make([]imageFile, 11)
	for i := range files {
		files[i] = imageFile{fmt.Sprint(i, ".png"), drawn(t, uint8(100+i))}
	}
	s.uploadImages(t, "", files...).says(t, http.StatusUnprocessableEntity, "한 번에 10장까지")
	if n, err := s.DB.CountImages(t.Context(), 1, models.ImageFilter{}); n != 11 || err != nil {
		t.Errorf("%d are kept, want the first ten of them and one, %v", n, err)
	}
}

func TestOneImageIsAnsweredByALine(t *testing.T) {
	t.Parallel()
	s, sim, _ := newImageSite(t)
	send := func(name string, file []byte) answer {
		body, contentType := imageForm(t, "", imageFile{name, file})
		return s.sendImages(t, body, contentType, true)
	}
	got := send("봄.png", drawn(t, 1))
	got.says(t, http.StatusOK, "<li", "봄.png", "올렸습니다.", `href="/appkeys/1/images/1"`)
	got.keepsQuiet(t, "<html")
	send("또.png", drawn(t, 1)).says(t, http.StatusOK, "봄.png", "이미 있는 이미지입니다.")
	send("메모.png", []byte("안녕")).says(t, http.StatusUnprocessableEntity, "메모.png", "이미지 파일이 아닙니다")
	sim.SetFaults(nhnsim.Faults{Rules: []nhnsim.Fault{{Kind: nhnsim.FaultTooMany, Endpoint: "upload image"}}})
	send("여름.png", drawn(t, 2)).says(t, http.StatusUnprocessableEntity, "여름.png", "원본은 라이브러리에 있으니")
	sim.SetFaults(nhnsim.Faults{})
	s.get(t, "/appkeys/1/images").says(t, http.StatusOK, "여름.png", "이 앱키에 없음")
	newest, err := s.DB.Images(t.Context(), 1, models.ImageFilter{}, 1)
	check(t, err)
	path := fmt.Sprintf("/appkeys/1/images/%d", newest[0].ID)
	s.get(t, path).says(t, http.StatusOK, "NHN Cloud에 올리기")
	s.post(t, path+"/upload", nil).says(t, http.StatusOK, "이미지 1장을 올렸습니다.", "번호 2")
}

// counted counts what is read of a body, which the client may go on doing after the
// answer has come.
type counted struct {
	io.Reader

	n atomic.Int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// What is too large is not read to its end, and what would be too large in memory is
// not decoded.
func TestImagesThatAreTooMuch(t *testing.T) {
	t.Parallel()
	s, _, _ := newImageSite(t)
	const size = 20 << 20
	large := imageFile{"큰.png", append(drawn(t, 1), make([]byte, size)...)}
	for _, part := range []bool{true, false} {
		body, contentType := imageForm(t, "", large)
		sent := &counted{Reader: body}
		got := s.sendImages(t, sent, contentType, part) // whose length nobody tells
		got.says(t, http.StatusUnprocessableEntity, "파일이 너무 큽니다. 5MB 이내로 줄여 주세요.")
		if n := sent.n.Load(); n >= size {
			t.Errorf("all of it was read: %d bytes", n)
		}
	}
	body, contentType := imageForm(t, "", large)
	s.sendImages(t, body, contentType, true).says(t, http.StatusUnprocessableEntity, "파일이 너무 큽니다.")
	huge := imageFile{"아주-큰.png", make([]byte, 60<<20)}
	body, contentType = imageForm(t, "", huge)
	s.sendImages(t, body, contentType, false).says(t, http.StatusUnprocessableEntity, "한 번에 10장까지")
	bomb := "\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\xea\x60\x00\x00\xea\x60\x08\x06\x00\x00\x00\x80\xd2\x75\x42"
	s.uploadImages(t, "", imageFile{"폭탄.png", []byte(bomb)}).says(t, http.StatusUnprocessableEntity, "폭탄.png", "60,000×60,000 픽셀은 너무 큽니다")
	if n, err := s.DB.CountImages(t.Context(), 1, models.ImageFilter{}); n != 0 || err != nil {
		t.Errorf("%d are kept, %v", n, err)
	}
}

func TestImagesComeFromOurOwnAddress(t *testing.T) {
	t.Parallel()
	s, _, _ := newImageSite(t)
	file := drawn(t, 1)
	s.uploadImages(t, "", imageFile{"봄.png", file})
	viewer := s.as(t, s.addUser(t, "viewer@example.com", models.Viewer).ID)
	original := viewer.get(t, "/appkeys/1/images/1/file")
	if original.status != http.StatusOK || original.body != string(file) {
		t.Errorf("the original: %d, %d bytes", original.status, len(original.body))
	}
	small := viewer.get(t, "/appkeys/1/images/1/thumbnail")
	if head, err := jpeg.DecodeConfig(strings.NewReader(small.body)); err != nil || head.Width != models.ThumbnailSize {
		t.Errorf("the thumbnail: %d, %d wide, %v", small.status, head.Width, err)
	}
	for name, got := range map[string]answer{"image/png": original, "image/jpeg": small} {
		for header, want := range map[string]string{
			"Content-Type": name, "Cache-Control": "private, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff",
		} {
			if got.header.Get(header) != want {
				t.Errorf("%s: %s is %q", name, header, got.header.Get(header))
			}
		}
	}
	if original.header.Get("ETag") == small.header.Get("ETag") {
		t.Error("both have the same tag")
	}
	for path, got := range map[string]answer{"file": original, "thumbnail": small} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/appkeys/1/images/1/"+path, nil)
		check(t, err)
		req.Header.Set("If-None-Match", got.header.Get("ETag"))
		if again := viewer.do(t, req); again.status != http.StatusNotModified || again.body != "" {
			t.Errorf("%s again: %d", path, again.status)
		}
	}
	stranger := s.as(t, s.addUser(t, "stranger@example.com", "").ID)
	stranger.get(t, "/appkeys/1/images/1/file").says(t, http.StatusNotFound)
}

// An image of another team is not to be had by its number.
func TestImagesBelongToATeam(t *testing.T) {
	t.Parallel()
	s, _, _ := newImageSite(t)
	team := models.Team{Name: "다른 팀"}
	check(t, s.DB.CreateTeam(t.Context(), &team))
	i := models.Image{TeamID: team.ID, Hash: "1", Name: "남의.png", Format: models.FormatPNG}
	_, err := s.DB.PutImage(t.Context(), &i, models.ImageFile{Original: []byte{1}, Thumbnail: []byte{1}})
	check(t, err)
	for _, path := range []string{"", "/file", "/thumbnail"} {
		s.get(t, fmt.Sprintf("/appkeys/1/images/%d%s", i.ID, path)).says(t, http.StatusNotFound)
	}
	s.get(t, fmt.Sprintf("/appkeys/1/images/delete?image=%d", i.ID)).says(t, http.StatusUnprocessableEntity, "이미지를 하나 이상 골라 주세요.")
	s.post(t, "/appkeys/1/images/delete", url.Values{"image": {fmt.Sprint(i.ID)}}).says(t, http.StatusUnprocessableEntity, "이미지를 하나 이상 골라 주세요.")
	s.get(t, "/appkeys/1/images").keepsQuiet(t, "남의.png")
}

func TestViewersSeeImagesAndChangeNothing(t *testing.T) {
	t.Parallel()
	s, _, _ := newImageSite(t)
	s.uploadImages(t, "", imageFile{"봄.png", drawn(t, 1)})
	viewer := s.as(t, s.addUser(t, "viewer@example.com", models.Viewer).ID)
	list := viewer.get(t, "/appkeys/1/images")
	list.says(t, http.StatusOK, "봄.png")
	list.keepsQuiet(t, `type="file"`, "새로 고침", "고른 이미지 삭제", `type="checkbox"`)
	one := viewer.get(t, "/appkeys/1/images/1")
	one.says(t, http.StatusOK, "봄.png")
	one.keepsQuiet(t, "이미지 삭제")
}

func TestTheLibraryWithoutASender(t *testing.T) {
	t.Parallel()
	s, _, k := newAppkeySite(t)
	s.get(t, "/appkeys/1/images").says(t, http.StatusOK, `type="file"`) // nobody knows yet
	s.uploadImages(t, "", imageFile{"봄.png", drawn(t, 1)}).says(t, http.StatusUnprocessableEntity, "발신 프로필을 먼저 등록해 주세요", `href="/appkeys/1/senders/new"`)
	_, err := s.Actions.RefreshSenders(t.Context(), models.Actor{}, k)
	check(t, err)
	got := s.get(t, "/appkeys/1/images")
	got.says(t, http.StatusOK, "발신 프로필을 먼저 등록해 주세요", `href="/appkeys/1/senders/new"`, "봄.png")
	got.keepsQuiet(t, `type="file"`)
	s.get(t, "/appkeys/1/images/1").says(t, http.StatusOK, "발신 프로필을 먼저 등록해 주세요")
	s.post(t, "/appkeys/1/images/1/upload", nil).says(t, http.StatusUnprocessableEntity, "발신 프로필을 먼저 등록해 주세요")
}

func TestImagesAreDeletedAfterAQuestion(t *testing.T) {
	t.Parallel()
	s, sim, k := newImageSite(t)
	s.uploadImages(t, "", imageFile{"쓰는.png", drawn(t, 1)}, imageFile{"안-쓰는.png", drawn(t, 2)})
	c := s.thing(t, k)
	check(t, s.DB.UseImage(t.Context(), models.PlaceCampaign, c.ID, 1))
	s.get(t, "/appkeys/1/images").says(t, http.StatusOK, "1곳에서 사용")
	s.get(t, "/appkeys/1/images/1").says(t, http.StatusOK, "초안", fmt.Sprintf("/appkeys/1/campaigns/%d/message", c.ID))
	both := url.Values{"image": {"1", "2"}}
	asked := s.get(t, "/appkeys/1/images/delete?image=1&image=2&image=x&upload=x")
	asked.says(t, http.StatusOK, "이미지 2장을 삭제할까요?", "쓰는.png", "안-쓰는.png", "초안", "쓰는 곳이 있어도 삭제합니다")
	s.post(t, "/appkeys/1/images/delete", both).says(t, http.StatusUnprocessableEntity, "1곳에서 쓰고 있습니다", "이미지 2장을 삭제할까요?")
	s.get(t, "/appkeys/1/images/delete").says(t, http.StatusUnprocessableEntity, "이미지를 하나 이상 골라 주세요.")

	sim.SetFaults(nhnsim.Faults{Hook: func(r *http.Request) *nhnsim.Answer {
		if r.Method == http.MethodDelete && r.URL.Query().Get("imageSeq") != "2" {
			return &nhnsim.Answer{Code: kakao.CodeImageUndeletable}
		}
		return nil
	}})
	both.Set("anyway", "1")
	got := s.post(t, "/appkeys/1/images/delete", both)
	got.says(t, http.StatusUnprocessableEntity, "모두 삭제하지는 못했습니다", "쓰는.png", "이미지를 삭제하지 못했습니다", "이미지 1장을 삭제했습니다", "이미지 1장을 삭제할까요?")
	got.keepsQuiet(t, "안-쓰는.png")
	sim.SetFaults(nhnsim.Faults{})
	s.post(t, "/appkeys/1/images/delete", url.Values{"image": {"1"}, "anyway": {"1"}}).says(t, http.StatusOK, "이미지 1장을 삭제했습니다.", "아직 이미지가 없습니다")
	s.get(t, "/appkeys/1/images/1").says(t, http.StatusOK, "라이브러리에서 뺀 이미지입니다", "쓰는.png")
	if file := s.get(t, "/appkeys/1/images/1/file"); file.body != string(drawn(t, 1)) {
		t.Errorf("the original: %d", file.status)
	}
}

func TestImagesAreRefreshed(t *testing.T) {
	t.Parallel()
	s, sim, k := newImageSite(t, swift)
	_, err := sim.AddImage(testAppkey, "콘솔에서.jpg", true)
	check(t, err)
	s.get(t, "/appkeys/1/images/refresh").says(t, http.StatusOK, "아직 이미지가 없습니다") // the page, for those without script
	s.post(t, "/appkeys/1/images/refresh", nil).says(t, http.StatusOK)           // which may have to wait longer than people do
	s.settled(t, "/appkeys/1/images").says(t, http.StatusOK, "콘솔에서.jpg", "NHN Cloud에서 모두 확인했습니다")
	sim.SetFaults(nhnsim.Faults{Rules: []nhnsim.Fault{{Kind: nhnsim.FaultCodeBefore, Code: kakao.CodeSecretKey, Endpoint: "images"}}})
	s.post(t, "/appkeys/1/images/refresh", nil).says(t, http.StatusOK)
	s.settled(t, "/appkeys/1/images").says(t, http.StatusOK, "이미지 목록을 불러오지 못했습니다", "비밀 키가 맞지 않습니다", "에 확인한 상태입니다", "콘솔에서.jpg")

	// What is running is told by every page, also to those who come later.
	now := s.Actions.Now()
	started, err := s.DB.StartListing(t.Context(), k.ID, 1, now, now)
	if !started || err != nil {
		t.Fatal(started, err)
	}
	claimed, err := s.DB.ClaimTask(t.Context(), models.ImageListings(), k.ID, "a", now, now)
	if !claimed || err != nil {
		t.Fatal(claimed, err)
	}
	l, err := s.DB.ImageListing(t.Context(), k.ID)
	check(t, err)
	l.ReadCount, l.Total = 7, 9
	_, err = s.DB.SaveListing(t.Context(), l)
	check(t, err)
	s.get(t, "/appkeys/1/images").says(t, http.StatusOK, "9장 중 7장", `<progress`, `http-equiv="refresh"`)
	l.Missing, l.Fetched = 4, 1
	_, err = s.DB.SaveListing(t.Context(), l)
	check(t, err)
	s.get(t, "/appkeys/1/images").says(t, http.StatusOK, "4장 중 1장")
}
