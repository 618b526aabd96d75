// DriveFormat
