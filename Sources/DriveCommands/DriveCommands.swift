// DriveCommands
