//go:build linux || darwin

package store

// placeholderRename is the way for file systems that cannot refuse to replace.
var placeholderRename = renameOverPlaceholder
