package actions

// Explained is [explained], for the test that every such code has its sentence.
var Explained = explained
