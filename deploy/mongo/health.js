// The health check: makes the one node a replica set the first time, then asks whether it takes
// writes. Ends with status 1 where it does not (yet).
const password = fs.readFileSync("/run/secrets/mongo_root_password", "utf8").trim();
const admin = db.getSiblingDB("admin");
admin.auth("root", password);
try {
  rs.status();
} catch (error) {
  if (error.codeName !== "NotYetInitialized") throw error;
  rs.initiate({ _id: "dupi", members: [{ _id: 0, host: "mongo:27017" }] });
}
if (!db.hello().isWritablePrimary) quit(1);
