package web

import (
	"context"
	"strings"

	"soshik/internal/actions"
	"soshik/models"
)

// demoTemplates are what the demo's team has written so far: of samples, with what was
// changed afterwards, and with images of its library.
func demoTemplates() []demoTemplate {
	return []demoTemplate{
		{sample: "coupon", name: "겨울 감사 쿠폰", image: "회원-쿠폰.png", tags: []string{"겨울", "쿠폰"}, change: strings.NewReplacer(
			"오랜만에 인사드립니다.", "올겨울도 봄봄상점과 따뜻하게 보내세요.", "다시 찾아 주시길 바라는 마음으로", "한 해 동안 아껴 주신 마음에 보답하고자",
		)},
		{sample: "delivery", name: "배송 출발 안내", tags: []string{"배송"}, change: strings.NewReplacer("7일 안에 문의해 주세요.", "7일 안에 편하게 문의해 주세요.")},
		{sample: "event", name: "봄맞이 매장 행사", image: "봄맞이-할인.jpg", tags: []string{"매장", "봄"}, change: strings.NewReplacer("이틀 동안", "주말 이틀 동안")},
	}
}

type demoTemplate struct {
	sample, name string
	image        string // of its second version, by name; empty: none
	tags         []string
	change       *strings.Replacer // makes the second version of the first one's text
}

// seedTemplates writes the demo's templates, unless there are any. The marketer begins
// them, and the approver has the last word.
func (d *demo) seedTemplates(ctx context.Context, s *actions.Service) error {
	k, found, err := d.appkey(ctx, s)
	if err != nil || !found {
		return err
	}
	if found, err := s.DB.HasTemplates(ctx, k); err != nil || found {
		return err
	}
	var writers []models.Actor
	for _, role := range []models.Role{models.Marketer, models.Approver} {
		user, err := s.DB.UserByEmail(ctx, string(role)+"@demo.example")
		if err != nil {
			return err
		}
		writers = append(writers, models.Actor{User: user, Role: role})
	}
	for _, in := range demoTemplates() {
		if err := in.write(ctx, s, k, writers); err != nil {
			return err
		}
	}
	return nil
}

// write makes a version by each of the writers.
func (in demoTemplate) write(ctx context.Context, s *actions.Service, k models.Appkey, writers []models.Actor) error {
	t, err := s.CreateTemplate(ctx, writers[0], k, models.NewTemplate{Channel: models.FriendTalk, Name: in.name, Sample: in.sample})
	if err != nil {
		return err
	}
	for i, writer := range writers {
		typed := t
		typed.Tags = in.tags
		if i > 0 {
			typed.Content.Text = in.change.Replace(t.Content.Text)
			if typed.Content.Image, err = in.picture(ctx, s, k); err != nil {
				return err
			}
			typed.Content.ImageLink = "https://www.example.com/"
		}
		if t, err = s.SaveTemplate(ctx, writer, k, t, typed); err != nil {
			return err
		}
	}
	return nil
}

// picture is the template's image, nil if it has none.
func (in demoTemplate) picture(ctx context.Context, s *actions.Service, k models.Appkey) (*models.Picture, error) {
	if in.image == "" {
		return nil, nil //nolint:nilnil // no image is what it has
	}
	images, err := s.DB.Images(ctx, k.TeamID, models.ImageFilter{Name: in.image}, 1)
	if err != nil || len(images) == 0 {
		return nil, err
	}
	return new(images[0].Picture()), nil
}
