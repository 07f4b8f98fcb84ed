package store

// Windows needs no other way.
var placeholderRename = renameNoReplace
