"""The Python packages of the extra `kind`, for messages that name a missing one. Pure."""

#: Installs them. The extra's own name is of use only where pip finds podpath itself.
INSTALL = "pip install 'kubernetes>=30' 'pytest-kind-ng>=26.7' 'pyyaml>=6'"
