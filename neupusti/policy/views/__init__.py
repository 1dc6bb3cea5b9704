"""The pages, the machine forms and the commands of the policy room."""
