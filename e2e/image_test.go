package e2e_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"testing"

	"github.com/playwright-community/playwright-go"

	"soshik/e2e/browser"
	"soshik/models"
)

// photo is a file to be uploaded, in one colour.
func photo(t *testing.T, name string, shade uint8, height int) playwright.InputFile {
	t.Helper()
	im := image.NewRGBA(image.Rect(0, 0, 800, height))
	for i := range im.Pix {
		im.Pix[i] = shade
		if i%4 == 3 {
			im.Pix[i] = 255
		}
	}
	im.SetRGBA(0, 0, color.RGBA{255, 0, 0, 255})
	var b bytes.Buffer
	check(t, jpeg.Encode(&b, im, nil))
	return playwright.InputFile{Name: name, MimeType: "image/jpeg", Buffer: b.Bytes()}
}

// hands lets files fall onto, or be pasted into, the page.
func (v *visitor) hands(event string, files ...playwright.InputFile) {
	v.t.Helper()
	given := make([]map[string]any, len(files))
	for i, f := range files {
		numbers := make([]int, len(f.Buffer))
		for j, b := range f.Buffer {
			numbers[j] = int(b)
		}
		given[i] = map[string]any{"name": f.Name, "type": f.MimeType, "bytes": numbers}
	}
	v.Must2(v.Evaluate(`({ event, given }) => {
		const data = new DataTransfer()
		for (const f of given) data.items.add(new File([new Uint8Array(f.bytes)], f.name, { type: f.type }))
		const init = { bubbles: true, cancelable: true }
		if (event === "paste") document.body.dispatchEvent(new ClipboardEvent("paste", { ...init, clipboardData: data }))
		else for (const e of ["dragenter", "dragover", "drop"]) document.querySelector(".sk-drop").dispatchEvent(new DragEvent(e, { ...init, dataTransfer: data }))
	}`, map[string]any{"event": event, "given": given}))
}

// pictureIsSeen waits until a picture has been drawn.
func (v *visitor) pictureIsSeen(found playwright.Locator) {
	v.t.Helper()
	v.Must(found.ScrollIntoViewIfNeeded())
	v.Must(v.Expect().Locator(found).ToHaveJSProperty("complete", true))
	width, err := found.Evaluate("i => i.naturalWidth", nil)
	v.Must(err)
	if width == 0 {
		v.t.Error("the picture is not there")
	}
}

func TestImagesAreUploadedUsedAndDeleted(t *testing.T) {
	t.Parallel()
	w := newShops(t, "@강남점")
	v := w.signedIn(t, marketer, browser.Options{})
	v.Visit(w.path + "/campaigns")
	v.menu("이미지")
	v.says("봄맞이-할인.jpg", "이 앱키에 없음") // of the team's other appkey
	v.Must(v.Field("올릴 이미지").SetInputFiles([]playwright.InputFile{
		photo(t, "봄.jpg", 200, 400), photo(t, "여름.jpg", 120, 500), {Name: "메모.png", MimeType: "image/png", Buffer: []byte("안녕하세요")},
		{Name: "큰.jpg", MimeType: "image/jpeg", Buffer: make([]byte, 6<<20)},
	}))
	lines := v.Locator("#image-results")
	v.Reads(lines.GetByRole("listitem").Filter(hasText("봄.jpg")), "올렸습니다.")
	v.Reads(lines.GetByRole("listitem").Filter(hasText("여름.jpg")), "올렸습니다.")
	v.Reads(lines.GetByRole("listitem").Filter(hasText("메모.png")), "이미지 파일이 아닙니다")
	v.Reads(lines.GetByRole("listitem").Filter(hasText("큰.jpg")), "파일이 너무 큽니다")
	grid := v.Locator(".sk-images")
	v.Reads(grid, "여름.jpg")
	v.look("images")

	v.Must(v.Field("와이드").Check())
	v.hands("drop", photo(t, "가을-와이드.jpg", 90, 600), photo(t, "너무-긴.jpg", 60, 900))
	v.Reads(lines, "와이드로 쓰기에는 너무 깁니다")
	v.Reads(grid, "가을-와이드.jpg")
	v.hands("paste", photo(t, "image.jpg", 30, 600))
	v.Reads(grid, "image.jpg")
	v.pictureIsSeen(grid.GetByRole("listitem").Filter(hasText("가을-와이드.jpg")).Locator("img"))

	v.Fill(v.Field("파일 이름"), "여름")
	v.Must(v.Expect().Locator(grid.GetByRole("listitem")).ToHaveCount(1))
	v.link("여름.jpg")
	v.says("800×500", "번호", "아직 쓰는 템플릿이나 캠페인이 없습니다", "없음")
	v.pictureIsSeen(v.Locator(".sk-image-full img"))
	v.look("image")
}

func TestAnImageInUseIsDeletedAfterAWarning(t *testing.T) {
	t.Parallel()
	w := newShops(t, "@강남점")
	v := w.signedIn(t, marketer, browser.Options{})
	v.Visit(w.path + "/images")
	v.Must(v.Field("올릴 이미지").SetInputFiles([]playwright.InputFile{photo(t, "봄.jpg", 200, 400), photo(t, "여름.jpg", 120, 500)}))
	v.Reads(v.Locator(".sk-images"), "봄.jpg")
	v.Reads(v.Locator(".sk-images"), "여름.jpg")
	w.usedBy(t, "봄.jpg", "봄 할인 안내")
	v.Must(v.Field("봄.jpg 선택").Check())
	v.Must(v.Field("여름.jpg 선택").Check())
	v.button("고른 이미지 삭제")
	v.says("이미지 2장을 삭제할까요?", "봄 할인 안내")
	v.button("이미지 삭제")
	v.says("그래도 삭제하려면 선택해 주세요")
	v.look("images-delete")
	v.Must(v.Field("쓰는 곳이 있어도 삭제합니다.").Check())
	v.button("이미지 삭제")
	v.says("이미지 2장을 삭제했습니다.")
	v.SeesNot(v.Locator(".sk-images").GetByText("봄.jpg", playwright.LocatorGetByTextOptions{Exact: playwright.Bool(true)}))
}

// usedBy makes a draft that uses an image.
func (w *shops) usedBy(t *testing.T, name, campaign string) {
	t.Helper()
	is, err := w.DB.Images(t.Context(), 1, models.ImageFilter{Name: name}, 10)
	check(t, err)
	c := models.Campaign{TeamID: 1, AppkeyID: 2, Channel: models.FriendTalk, ULID: models.NewToken(), Name: campaign, State: models.CampaignDraft}
	check(t, w.DB.CreateCampaign(t.Context(), &c))
	for _, i := range is {
		if i.Name == name {
			check(t, w.DB.UseImage(t.Context(), models.PlaceCampaign, c.ID, i.ID))
		}
	}
}

func TestImagesWithoutScript(t *testing.T) {
	t.Parallel()
	w := newShops(t, "@강남점")
	v := w.signedIn(t, marketer, browser.Options{NoScript: true})
	v.Visit(w.path + "/images")
	v.Must(v.Field("올릴 이미지").SetInputFiles([]playwright.InputFile{photo(t, "봄.jpg", 200, 400), photo(t, "여름.jpg", 120, 500)}))
	v.button("올리기")
	v.says("이미지 2장을 올렸습니다.", "봄.jpg", "여름.jpg")
	v.Must(v.Field("와이드").Check())
	v.Must(v.Field("올릴 이미지").SetInputFiles([]playwright.InputFile{photo(t, "가을.jpg", 90, 600), {Name: "메모.png", MimeType: "image/png", Buffer: []byte("안녕")}}))
	v.button("올리기")
	v.says("올리지 못한 이미지가 있습니다", "이미지 파일이 아닙니다", "가을.jpg")
	v.Must(v.Expect().Locator(v.Field("와이드")).ToBeChecked())
	v.button("새로 고침")
	v.says("NHN Cloud에서 모두 확인했습니다")
}

// What runs long shows how far it has come, also after a reload, and what it has found
// appears by itself.
func TestImagesFromElsewhereAppear(t *testing.T) {
	t.Parallel()
	w := newShops(t, "@강남점")
	_, err := w.sim.AddImage("shopsappkey", "콘솔에서.jpg", true)
	check(t, err)
	now := w.Actions.Now()
	_, err = w.DB.StartListing(t.Context(), 2, 1, now, now)
	check(t, err)
	_, err = w.DB.ClaimTask(t.Context(), models.ImageListings(), 2, "a", now, now)
	check(t, err)
	l, err := w.DB.ImageListing(t.Context(), 2)
	check(t, err)
	l.ReadCount, l.Total, l.WorkedAt = 7, 9, now
	_, err = w.DB.SaveListing(t.Context(), l)
	check(t, err)
	v := w.signedIn(t, marketer, browser.Options{})
	v.Visit(w.path + "/images")
	v.says("NHN Cloud에서 이미지 목록을 불러오는 중입니다", "9장 중 7장")
	v.Must2(v.Reload())
	v.says("9장 중 7장")
	v.look("images-running")
	_, err = w.DB.ReleaseTask(t.Context(), models.ImageListings(), models.Task{ID: 2, Claim: "a", WorkedAt: now}, now) // as if its process had stopped
	check(t, err)
	check(t, w.Actions.RunListing(t.Context(), 2))
	v.Reads(v.Locator(".sk-images"), "콘솔에서.jpg")
	v.SeesNot(v.Role("heading", "NHN Cloud에서 이미지 목록을 불러오는 중입니다"))
}
