"""The platform as files for people who go on without CDKTF."""
