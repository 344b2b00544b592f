package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"soshik/models"
)

func TestWhatIsTypedIsKeptAndShownAgain(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.begin(t)
	form := d.message(t, c, append(button(0, "보기", "a.example"), "text", "아직 쓰는 중", models.ButtonField(0, models.FieldIOS), "shop://")...)
	d.post(t, d.step(c, "message/draft"), form).says(t, http.StatusOK, "14:0", "임시 보관됨")
	if saved := d.read(t, c); saved.Content.Text != "" || saved.Revision != c.Revision {
		t.Errorf("keeping has saved: %+v", saved)
	}
	if n := len(d.audited(t, "campaign.update")); n != 0 {
		t.Errorf("keeping is recorded %d times", n)
	}
	again := d.get(t, d.step(c, "message"))
	again.says(t, http.StatusOK, "저장하지 않은 내용이 남아 있어", "아직 쓰는 중", `value="a.example"`, `value="shop://"`, `name="discard"`)
	d.get(t, d.step(c, "message")+"?saved=1").keepsQuiet(t, "아직 쓰는 중", "data-keep=")
	other := d.as(t, d.addUser(t, "other@example.com", models.Marketer).ID)
	other.get(t, d.step(c, "message")).keepsQuiet(t, "아직 쓰는 중", "저장하지 않은")

	got := d.post(t, d.step(c, "message"), url.Values{"discard": {"1"}})
	got.says(t, http.StatusOK, "저장하지 않은 내용을 버렸습니다")
	got.keepsQuiet(t, "아직 쓰는 중", "남아 있어")
}

func TestSavingForgetsWhatWasKept(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.begin(t)
	for _, submit := range []string{"add-button", "later", ""} {
		d.post(t, d.step(c, "message/draft"), d.message(t, c, "text", "쓰다 만 글 "+submit))
		form := d.message(t, c, "text", "다 쓴 글 "+submit)
		if submit != "" {
			form.Set(submit, "1")
		}
		d.post(t, d.step(c, "message"), form)
		d.get(t, d.step(c, "message")).keepsQuiet(t, "쓰다 만 글", "남아 있어")
	}
	d.post(t, d.step(c, "message/draft"), d.message(t, c, "text", "쓰다 만 글"))
	back := d.message(t, c, "text", d.read(t, c).Content.Text)
	d.post(t, d.step(c, "message/draft"), back).keepsQuiet(t, "보관")
	d.get(t, d.step(c, "message")).keepsQuiet(t, "쓰다 만 글")
	d.post(t, d.step(c, "message/draft"), d.message(t, c, "text", "쓰다 만 글"))
	d.post(t, d.step(c, "message"), back)
	d.get(t, d.step(c, "message")).keepsQuiet(t, "쓰다 만 글")
}

func TestKeptTextSaysWhoWasFaster(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.begin(t)
	d.post(t, d.step(c, "message/draft"), d.message(t, c, "text", "내가 쓰던 글"))
	d.give(t, c, "김하늘")
	d.get(t, d.step(c, "message")).keepsQuiet(t, "다른 사람이 저장했습니다")

	other := d.as(t, d.addUser(t, "other@example.com", models.Marketer).ID)
	other.post(t, d.step(c, "message"), d.message(t, c, "text", "다른 사람의 글"))
	mine := d.get(t, d.step(c, "message"))
	mine.says(t, http.StatusOK, "내가 쓰던 글", "다른 사람이 저장했습니다", "?saved=1", fmt.Sprintf(`name="revision" value="%d"`, c.Revision))
	d.get(t, d.step(c, "message")+"?saved=1").says(t, http.StatusOK, "다른 사람의 글")
}

func TestALaunchedCampaignKeepsNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.ready(t, "김하늘")
	d.post(t, d.step(c, "message/draft"), d.message(t, c, "text", "쓰다 만 글"))
	d.launch(t, c).says(t, http.StatusOK, "발송을 시작했습니다")
	if got := d.post(t, d.step(c, "message/draft"), d.message(t, c, "text", "늦은 글")); got.path != d.path(fmt.Sprint(c.ID)) {
		t.Errorf("keeping leads to %s", got.path)
	}
	if _, found, err := d.DB.Draft(t.Context(), 1, models.PlaceCampaign, c.ID); found || err != nil {
		t.Errorf("a launched campaign still keeps what was typed: %v", err)
	}
}
