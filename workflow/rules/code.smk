from lacuna.project.code import JobCode

# What a job runs is an input of it: whatever of Lacuna its script imports. Only of the rules of this
# workflow: another one may use it as a module.
CODE = JobCode(PLAN)
CODE.add_to(workflow.modifier.rules, workflow.sourcecache.get_path)
