package models

// keptSQL is a condition of batches whose messages still have rows: a campaign says up to
// which of its batches they have gone. It is a value of each batch, not a join, so that the
// way to the batches stays the same.
const keptSQL = "number > (SELECT g.rows_gone_until FROM campaigns g WHERE g.id = batches.campaign_id)"

// passesOver has the search pass over batches whose rows have gone from here on, and says
// whether it did not before: that batches count messages and hold none is how it notices.
// What is rare need not be asked about each batch.
func (s *deliverySearch) passesOver() bool {
	if s.kept {
		return false
	}
	s.kept = true
	s.where.add(keptSQL)
	return true
}

// pastGone is where a search that has found nothing before next goes on: behind all
// campaigns whose rows have gone. 0: nothing that has rows is left.
func (s *deliverySearch) pastGone(next int64) (int64, error) {
	last := (next - 1) >> positionBits
	var kept int64
	err := s.db.read(s.ctx).Raw(`SELECT COALESCE(MAX(CASE WHEN last_batch < ? THEN last_batch ELSE ? END), 0) FROM campaigns
		WHERE appkey_id = ? AND last_batch > 0 AND first_batch <= ? AND NOT rows_gone`, last, last, s.appkeyID, last).Scan(&kept).Error
	if err != nil || kept == 0 {
		return 0, err
	}
	return min(next, (kept+1)<<positionBits), nil
}

// search looks for messages, and once more behind those whose rows have gone where it
// has found none before them.
func (s *deliverySearch) search(find func() (int64, error)) (next int64, err error) {
	for range 2 {
		if next, err = find(); err != nil || next == 0 || len(s.found) > 0 {
			return next, err
		}
		behind, err := s.pastGone(next)
		if err != nil || behind == 0 || behind == next {
			return behind, err
		}
		next, s.before, s.last = behind, behind, (behind-1)>>positionBits
	}
	return next, nil
}
