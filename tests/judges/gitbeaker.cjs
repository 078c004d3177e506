// Drives a GitLab with @gitbeaker/rest, a client that others wrote, and writes what it learned as JSON.
// node gitbeaker.cjs MODULES URL TOKEN, the token in the environment as GITLAB_TOKEN
const [, , modules, host] = process.argv;
const { Gitlab } = require(require.resolve("@gitbeaker/rest", { paths: [modules] }));
const api = new Gitlab({ host, token: process.env.GITLAB_TOKEN });

const refusal = async (call) => {
  try {
    await call();
    return "done";
  } catch (error) {
    return `${error.cause?.response?.status} ${error.cause?.description ?? error.message}`;
  }
};

(async () => {
  const told = {};
  const top = await api.Groups.create("Foreign", "foreign", { visibility: "public" });
  const team = await api.Groups.create("Team", "team", { parentId: top.id });
  const [member] = await api.Users.all({ username: "member1" });
  await api.GroupMembers.add(team.id, 40, { userId: member.id });
  told.twice = await refusal(() => api.GroupMembers.add(team.id, 40, { userId: member.id }));
  const project = await api.Projects.create({ name: "xen", namespaceId: top.id, visibility: "public" });
  await api.Projects.share(project.id, team.id, 30);
  told.shares = (await api.Projects.show(project.id)).shared_with_groups.map((one) => one.group_full_path);
  await api.RepositoryFiles.create(project.id, "README.md", "main", "x", "first");
  const rule = await api.ProtectedBranches.create(project.id, "c7-*", { pushAccessLevel: 40, mergeAccessLevel: 30 });
  told.rule = [rule.name, rule.push_access_levels[0].access_level, rule.merge_access_levels[0].access_level];
  told.again = await refusal(() => api.ProtectedBranches.create(project.id, "c7-*"));
  await api.ProtectedBranches.edit(project.id, "c7-*", { allowForcePush: true });
  told.force = (await api.ProtectedBranches.show(project.id, "c7-*")).allow_force_push;
  await api.ProtectedTags.create(project.id, "v*", { createAccessLevel: 30 });
  told.tags = (await api.ProtectedTags.all(project.id)).map((one) => one.name);
  await api.Branches.create(project.id, "c7-x", "main");
  told.branches = (await api.Branches.all(project.id)).map((one) => one.name).sort();
  for (let n = 0; n < 25; n++) await api.Projects.create({ name: `p${n}`, namespaceId: top.id });
  told.paged = (await api.Groups.allProjects(top.id, { perPage: 10 })).length;
  await api.Projects.edit(project.id, { description: "Xen", issuesAccessLevel: "disabled" });
  const edited = await api.Projects.show(project.id);
  told.edited = [edited.description, edited.issues_access_level];
  told.archived = (await api.Projects.archive(project.id)).archived;
  await api.ProtectedBranches.remove(project.id, "c7-*");
  await api.GroupMembers.remove(team.id, member.id);
  told.members = (await api.GroupMembers.all(team.id)).map((one) => one.username);
  told.missing = await refusal(() => api.Projects.show("foreign/nothing"));
  told.me = (await api.Users.showCurrentUser()).username;
  process.stdout.write(JSON.stringify(told));
})().catch((error) => {
  process.stderr.write(`${error.stack}\n${JSON.stringify(error.cause ?? {})}\n`);
  process.exit(1);
});
