from support.bright_bundle import bundle_folder

__all__ = ["bundle_folder"]
