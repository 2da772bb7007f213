from lacuna.io.sums import manifest_of

# Every job lists the files that it wrote and read, with their sums: `lacuna.runtime.job`. Included
# after all other rules. Only the rules of this workflow: another one may use it as a module.
for own in workflow.modifier.rules:
    if own.is_script:
        [log] = own.ruleinfo.log.paths
        own.set_output(sums=manifest_of(log))
