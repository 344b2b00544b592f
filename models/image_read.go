package models

// ThumbnailSize is how many pixels a thumbnail has at most either way.
const ThumbnailSize = 320
