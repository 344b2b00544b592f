package models

// fewCampaigns is up to how many campaigns all batches of theirs are looked at for what
// one of them holds.
const fewCampaigns = 100

// byTemplate finds out what is meant by the template that is asked for: the code that
// batches were sent with, or else the name of a template of our own, which has no code
// where its channel registers none. possible is false if it is neither.
func (s *deliverySearch) byTemplate() (possible bool, err error) {
	if s.f.TemplateCode == "" {
		return true, nil
	}
	var sent bool
	err = s.db.read(s.ctx).Raw("SELECT EXISTS (SELECT 1 FROM batches WHERE appkey_id = ? AND template_code = ? AND template_code <> '')",
		s.appkeyID, s.f.TemplateCode).Scan(&sent).Error
	if err != nil || sent {
		return sent, err
	}
	var made []coded
	err = s.db.read(s.ctx).Raw(`SELECT c.id, c.first_batch, c.last_batch FROM templates t JOIN campaigns c ON c.template_id = t.id AND c.template_id <> 0
		WHERE t.team_id = (SELECT k.team_id FROM appkeys k WHERE k.id = ?) AND t.name = ? AND c.appkey_id = ? AND c.last_batch > 0`,
		s.appkeyID, s.f.TemplateCode, s.appkeyID).Scan(&made).Error
	if err != nil || len(made) == 0 {
		return false, err
	}
	first, last := made[0].FirstBatch, int64(0)
	for _, c := range made {
		s.made = append(s.made, c.ID)
		first, last = min(first, c.FirstBatch), max(last, c.LastBatch)
	}
	s.first, s.last = max(s.first, first), min(s.last, last)
	s.few = s.few || len(made) <= fewCampaigns
	s.where.add("campaign_id IN ?", s.made)
	return true, nil
}

// code is the code of the template that is asked for; empty: none, or one of our own.
func (s *deliverySearch) code() string {
	if s.made != nil {
		return ""
	}
	return s.f.TemplateCode
}
