package actions

import (
	"context"

	"soshik/models"
)

// ReadNotification marks a notification of the person's own as read, and returns it;
// found is false if there is no such. What somebody has read is nobody else's, so it is
// not recorded.
func (s *Service) ReadNotification(ctx context.Context, by models.Actor, id int64) (row models.NotificationRow, found bool, err error) {
	row, found, err = s.DB.NotificationOf(ctx, by.User.ID, id)
	if err != nil || !found {
		return row, false, err
	}
	return row, true, s.DB.ReadNotifications(ctx, by.User.ID, id, false)
}

// ReadNotifications marks those of the person's own as read up to the one with id
// until, and not what has come since.
func (s *Service) ReadNotifications(ctx context.Context, by models.Actor, until int64) error {
	return s.DB.ReadNotifications(ctx, by.User.ID, until, true)
}

// SetMailPreferences keeps what the person wants to be told of.
func (s *Service) SetMailPreferences(ctx context.Context, by models.Actor, in models.MailPreferences) error {
	e := models.Event{
		Action: "user.notifications", ObjectType: "user", ObjectID: by.User.ID, ObjectName: by.User.Email,
		Before: models.PreferencesOf(by.User), After: in,
	}
	return s.change(ctx, by, &e, func(tx *models.DB) error { return tx.SetMailPreferences(ctx, by.User.ID, in) })
}
