// Drive
