// Package kakao holds what the provider fixes: its limits, codes and measures, as
// constants and pure functions. It knows nothing of this program; everything in
// the program may import it.
package kakao

// Limits of the provider's API. Lengths are in [Len] units unless said otherwise.
const (
	MaxRecipients         = 1000 // recipients of one send request
	MaxPlusFriendID       = 30   // the leading @ counts
	MaxPhoneNo            = 15   // digits of a recipient's or an administrator's number
	CategoryCodeLen       = 11   // digits: 3 + 4 + 4, one part for each level
	SenderKeyLen          = 40
	MaxGroupingKey        = 100
	MaxCreateUser         = 100
	MaxPageSize           = 1000
	DefaultPageSize       = 15
	MaxContent            = 1000 // FriendTalk text without an image
	MaxContentImage       = 400  // with an image
	MaxContentWide        = 76   // with a wide image
	MaxButtons            = 5    // FriendTalk buttons of a text or image message
	MaxButtonsWide        = 2    // of a message with a wide image
	MaxButtonName         = 28
	MaxLink               = 2000 // characters of a button's link
	MaxSMSBytes           = 90   // EUC-KR bytes, see [EUCKRLen]
	MaxLMSBytes           = 2000 // EUC-KR bytes
	MaxLMSTitleBytes      = 40   // EUC-KR bytes
	MaxGroupMembers       = 5000 // senders of a group
	FriendTalkHorizonDays = 90   // a requestDate may not be further ahead
	QueryDays             = 31   // the widest range of a search
	RetentionDays         = 90   // older messages cannot be queried
	IdempotencyMinutes    = 10   // a repeated idempotency key fails for so long
)

// A Channel's API knows these kinds of buttons.
const (
	ButtonWebLink  = "WL"
	ButtonAppLink  = "AL"
	ButtonBotKey   = "BK" // sends the button's name back as a message
	ButtonDelivery = "MD" // sends the button's name and the message back
)

// Result codes of the answer's header and of single recipients of a send.
// 0 is success; the others are failures.
const (
	CodeOK                   = 0
	CodeParameter            = 4
	CodeAppkey               = -1000
	CodeSecretKey            = -1001
	CodeSMSAppkey            = -1002
	CodeSMSSendNo            = -1003
	CodeSenderExists         = -1004
	CodeIdempotencyKey       = -1005
	CodeToken                = -1008
	CodeGroupNotFound        = -1010
	CodeSenderInactive       = -1014
	CodeMessageNotFound      = -1016
	CodeDailyMax             = -1017
	CodeGroupMember          = -1018 // is one already
	CodeUnsubscribeNo        = -1019
	CodeNotGroupMember       = -1022
	CodeSenderIsGroup        = -1024
	CodeGroupUndeletable     = -1025
	CodeGroupFull            = -1026
	CodeSenderBlocked        = -1027
	CodeGroupFirstTime       = -1029 // a first-time sender cannot join a group
	CodeSelfVerification     = -1030
	CodeAllRefused           = -1031
	CodeTooLong              = -2000
	CodeBlank                = -2001
	CodeNull                 = -2002
	CodeTooSmall             = -2003
	CodeNotBetween           = -2004
	CodeTooLarge             = -2005
	CodeSenderNotFound       = -2017
	CodeButton               = -2018
	CodeImageLink            = -2022
	CodeContentImage         = -2023
	CodeContent              = -2024
	CodePast                 = -2025
	CodeHorizon              = -2026
	CodeDateFormat           = -2027
	CodeRequestID            = -2028
	CodeNothingToCancel      = -2029
	CodeContentWide          = -2030
	CodeButtonsWide          = -2031
	CodeFallbackNotSet       = -2502
	CodeLinkMissing          = -3000
	CodeTemplateExists       = -3001
	CodeBody                 = -3002
	CodeTemplateNotFound     = -3003
	CodeTemplateParameter    = -3004
	CodeTemplateStatus       = -3005
	CodeLinkScheme           = -3006
	CodeAppLink              = -3007
	CodeButtonName           = -3009
	CodeButtonType           = -3014
	CodeAddChannelName       = -3026
	CodeInvalid              = -4000
	CodeSearchRange          = -4003
	CodeAppkeyNotFound       = -4004
	CodeAppkeyDisabled       = -4005
	CodeImageSize            = -4007 // too many bytes
	CodeImageType            = -4009
	CodeTooOld               = -4017
	CodeSearchConditions     = -4103
	CodeFallbackMessage      = -4200
	CodeRecipientNo          = -5000
	CodeTemplateFixed        = -6000 // has a variable
	CodeTemplateVariable     = -6001 // has none
	CodeTemplateVariables    = -6002 // too many
	CodeTemplateVariableName = -6003
	CodeTemplateWide         = -6004 // too long a text or too many buttons
	CodeTemplateChannelPlace = -6005 // of an AC button
	CodeTemplateBizForm      = -6006 // its id or its place
	CodeTemplateUnsubscribe  = -6007
	CodeVendor               = -7000
	CodeImageSeq             = -8000 // none given
	CodeImageBroken          = -8001
	CodeImageNotFound        = -8002
	CodeImageUndeletable     = -8003
	CodeCreateUser           = -8004
	CodeNoSender             = -8005 // an image needs a sender in the project
	CodeFriendTalkEnded      = -9992
	CodePartMissing          = -9993
	CodeArgumentType         = -9994
	CodeVersionEnded         = -9995
	CodeContentType          = -9996
	CodeUnknownAPI           = -9998
	CodeSystem               = -9999
	DeliveryOK               = "1000" // the delivery code of a message that arrived
	DeliveryNight            = "3022" // outside the hours in which messages are delivered
	DeliveryNotReachable     = "3018" // no KakaoTalk user, or the channel is blocked
	DeliveryPhone            = "3008"
	DeliveryUnconfirmed      = "3005" // sent, receipt unconfirmed
	StatusCompleted          = "COMPLETED"
	StatusFailed             = "FAILED"
	StatusCancelled          = "CANCEL"
	SenderWaiting            = "YSC02" // waits for its token
	SenderRegistered         = "YSC03"
	FallbackNone             = "RSC01"
	FallbackTarget           = "RSC02" // sent by SMS if the delivery fails
	FallbackInProgress       = "RSC03"
	FallbackSucceeded        = "RSC04"
	FallbackFailed           = "RSC05"
	HeaderIdempotencyKey     = "X-NC-API-IDEMPOTENCY-KEY"
	HeaderSecretKey          = "X-Secret-Key"
	HeaderConvertToBrand     = "X-Convert-To-Brand-Message"
	DefaultBaseURL           = "https://kakaotalk-bizmessage.api.nhncloudservice.com"
	AdMark                   = "(광고)"
	OptOutLine               = "홈 > 채널 차단"
	FallbackSMS              = "SMS"
	FallbackLMS              = "LMS"
	ProfileActivated         = "A"
	ProfileBlocked           = "B"
	ProfileDeactivated       = "C"
	ProfileDeleted           = "D"
	ProfileDeleting          = "E"
	KakaoStatusNormal        = "A"
	KakaoStatusBlocked       = "S"
	SenderAPIv21             = "v2.1"
	SenderAPIv20             = "v2.0"
	ResultGroupSuccess       = "MRC01"
	ResultGroupFailure       = "MRC02"
)
