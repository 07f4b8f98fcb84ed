package look

import (
	"path"
	"strings"
	"sync"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// FileKind is what a file is for, as far as its name tells.
type FileKind int

// The kinds. Folder and Several are not told by a name.
const (
	OtherFile FileKind = iota
	Folder
	Picture
	Film
	Sound
	TextFile
	Archive
	Program
	Several
)

// endings are the extensions by which a kind is known.
var endings = map[FileKind]string{
	Picture:  "jpg jpeg jpe png gif webp avif heic heif bmp tif tiff svg ico raw dng cr2 cr3 nef arw orf psd xcf ai eps jxl",
	Film:     "mp4 m4v mkv mov avi webm wmv mpg mpeg m2ts mts ts flv 3gp ogv vob",
	Sound:    "mp3 m4a flac wav ogg oga opus aac wma aif aiff mid midi mka ape",
	TextFile: "txt md pdf doc docx odt rtf tex csv tsv xls xlsx ods ppt pptx odp epub mobi log json xml html htm yaml yml toml pages numbers key srt",
	Archive:  "zip tar gz tgz bz2 tbz xz txz zst 7z rar lz lz4 br cab iso img dmg jar",
	Program:  "exe msi deb rpm appimage apk flatpak snap pkg run sh bat cmd ps1 bin com xpi ipa",
}

var kinds = sync.OnceValue(func() map[string]FileKind {
	known := map[string]FileKind{}
	for kind, list := range endings {
		for ending := range strings.FieldsSeq(list) {
			known["."+ending] = kind
		}
	}
	return known
})

// KindOf tells from the extension of a file's name what it is for.
func KindOf(name string) FileKind { return kinds()[strings.ToLower(path.Ext(name))] }

const sheet = `<path fill-rule="evenodd" d="M5 2h9l6 6v14H5zM7 4v16h11V9h-5V4z"/>`

// fileDrawings are 24 by 24, as the icons of Fyne are.
var fileDrawings = map[FileKind]string{
	OtherFile: sheet,
	Folder:    `<path fill-rule="evenodd" d="M2 5h8l2 2.500h10V20H2zM4 9.500V18h16V9.500z"/>`,
	Picture:   `<path fill-rule="evenodd" d="M2.500 4h19v16h-19zM4.500 6v12h15V6z"/><circle cx="8.500" cy="9.500" r="1.800"/><path d="M5.500 17l4-4.500 2.500 2.600 3.700-4.800 3.300 4.500V17z"/>`,
	Film:      `<path fill-rule="evenodd" d="M2.500 4h19v16h-19zM4.500 6v2.200h2V6zM4.500 10.900v2.200h2v-2.200zM4.500 15.800V18h2v-2.200zM17.500 6v2.200h2V6zM17.500 10.900v2.200h2v-2.200zM17.500 15.800V18h2v-2.200zM8.500 6v12h7V6z"/><path d="M10.200 9l4.200 3-4.200 3z"/>`,
	Sound:     `<path d="M9 5.200 20 3v13.500h-2V8.400l-7 1.400v8.400H9z"/><circle cx="8" cy="18" r="3"/><circle cx="17" cy="16.500" r="3"/>`,
	TextFile:  sheet + `<path d="M8.500 11h8v1.600h-8zM8.500 14h8v1.600h-8zM8.500 17h5v1.600h-5z"/>`,
	Archive:   `<path fill-rule="evenodd" d="M3 4h18v5h-1v11H4V9H3zM5 5.800v1.500h14V5.800zM6 9v9.200h12V9z"/><path d="M9.500 11.200h5V13h-5z"/>`,
	Program:   `<path fill-rule="evenodd" d="M2.500 4h19v16h-19zM4.500 8.500V18h15V8.500z"/><path d="M6.900 10.400 8.100 9.300 12.200 13 8.100 16.700 6.900 15.600 9.800 13zM12.500 15h4.500v1.600h-4.500z"/>`,
	Several:   `<path fill-rule="evenodd" d="M8 1.500h8.500l5 5V18H8zM10 3.500V16h9.500V8h-4.500V3.500z"/><path d="M3 6h3v14.500h11v2H3z"/>`,
}

var fileIcons = struct {
	sync.Mutex
	kept map[FileKind]map[fyne.ThemeColorName]fyne.Resource
}{kept: map[FileKind]map[fyne.ThemeColorName]fyne.Resource{}}

// FileIcon is the icon of a kind in a colour of the theme. It is the same
// resource each time, because Fyne draws an icon anew whenever it is given
// another one. It is safe for concurrent use.
func FileIcon(kind FileKind, color fyne.ThemeColorName) fyne.Resource {
	fileIcons.Lock()
	defer fileIcons.Unlock()
	drawing, known := fileDrawings[kind]
	if !known {
		kind, drawing = OtherFile, sheet
	}
	colors := fileIcons.kept[kind]
	if colors == nil {
		colors = map[fyne.ThemeColorName]fyne.Resource{}
		fileIcons.kept[kind] = colors
	}
	if colors[color] == nil {
		colors[color] = theme.NewColoredResource(fyne.NewStaticResource(fileIconNames[kind], []byte(
			`<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" viewBox="0 0 24 24">`+drawing+`</svg>`)), color)
	}
	return colors[color]
}

var fileIconNames = map[FileKind]string{
	OtherFile: "causeway-file.svg", Folder: "causeway-folder.svg", Picture: "causeway-picture.svg", Film: "causeway-film.svg",
	Sound: "causeway-sound.svg", TextFile: "causeway-text.svg", Archive: "causeway-archive.svg", Program: "causeway-program.svg",
	Several: "causeway-several.svg",
}
