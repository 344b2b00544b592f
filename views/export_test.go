package views

// What pages say of a code, for the tests of the words.
var (
	CodeMeaning = codeMeaning
	CodeToDo    = codeToDo
	SMSMeaning  = smsMeaning
)
